/**
 * Transports to OpenTelemetry's collectors: a unit becomes one export request, over gRPC or HTTP. Messages are the fields of
 * log records or of spans (`encodeLogRecord`, `encodeSpan` of `@wirescribe/access-log`); the sender's records have no preamble, and
 * the sender no header.
 *
 * @module
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type H2TransportOptions, h2Transport } from "./h2.ts";
import { httpStatus, ownStatus, UNAVAILABLE } from "./h2-status.ts";
import { exportRequest, partialSuccess } from "./otlp-request.ts";
import { PREFIX_BYTES, type Transport, UNIT_METADATA, type UnitStatus, type UnitStream } from "./transport.ts";

export interface OtlpOptions {
	/** What the messages are. */
	readonly signal: "logs" | "traces";
	/** The fields of the Resource that they are about: asked for each unit. */
	readonly resource: () => Uint8Array;
}

export interface OtlpGrpcOptions extends OtlpOptions, Omit<H2TransportOptions, "path"> {}

export interface OtlpHttpOptions extends OtlpOptions {
	/** The collector's address, `http://collector:4318`; the signal's path, `/v1/logs` or `/v1/traces`, is added to it. */
	readonly url: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly compression?: "gzip";
}

const paths = {
	logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
	traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
} as const;

/** Over gRPC: port 4317, as a rule. */
export function otlpGrpcTransport({ signal, resource, ...options }: OtlpGrpcOptions): Transport {
	const inner = h2Transport({ ...options, path: paths[signal] });
	const transport: Transport = {
		name: inner.name,
		onConnection: null,
		open: (request) =>
			unaryStream((messages) => {
				const stream = inner.open(request);
				stream.write(exportRequest(resource(), messages));
				stream.end();
				const status = stream.status.then(judged);
				return { status, cancel: () => stream.cancel(), heard: () => stream.heard?.() ?? 0 };
			}),
		close: () => inner.close(),
	};
	inner.onConnection = (change) => transport.onConnection?.(change);
	return transport;
}

/** The answer is a frame of its own: behind its prefix stands the response. */
function judged(status: UnitStatus): UnitStatus {
	if (status.code !== 0 || status.answer === undefined) return status;
	return accepted(status.answer.subarray(PREFIX_BYTES));
}

function accepted(response: Uint8Array): UnitStatus {
	const { rejected, why } = partialSuccess(response);
	return { code: 0, message: why || "OK", retryDelayMs: null, reached: true, ...(rejected > 0 ? { rejected } : {}) };
}

/** Over HTTP: port 4318, as a rule. With what the runtime's `fetch` offers: keep-alive, its own TLS authorities. */
export function otlpHttpTransport(options: OtlpHttpOptions): Transport {
	const { signal, resource, url, headers = {}, compression } = options;
	const target = new URL(`${url.replace(/\/$/, "")}/v1/${signal}`);
	if (!/^https?:$/.test(target.protocol)) {
		throw new TypeError(`Cannot create an OTLP transport as 'url' must be http or https: received "${url}"`);
	}
	let closed = false;

	async function post(id: string, request: Uint8Array, signal: AbortSignal): Promise<UnitStatus> {
		if (closed) return ownStatus(UNAVAILABLE, "the transport is closed", false);
		const packed = compression === "gzip" ? await promisify(gzip)(request) : request;
		try {
			const response = await fetch(target, {
				...{ method: "POST", redirect: "manual", signal, body: new Uint8Array(packed) },
				headers: {
					...{ "content-type": "application/x-protobuf", [UNIT_METADATA]: id },
					...(compression === undefined ? {} : { "content-encoding": compression }),
					...headers,
				},
			});
			const answer = new Uint8Array(await response.arrayBuffer());
			if (response.ok) return accepted(answer);
			const retryDelayMs = retryAfterMs(response.headers.get("retry-after"));
			return { ...httpStatus(response.status), broken: false, retryDelayMs };
		} catch (error) {
			return failure(error, target.host);
		}
	}

	return {
		name: target.host,
		onConnection: null,
		open: ({ id, deadlineMs }) =>
			unaryStream((messages) => {
				const abort = new AbortController();
				const ended = AbortSignal.any([abort.signal, AbortSignal.timeout(deadlineMs)]);
				return { status: post(id, exportRequest(resource(), messages), ended), cancel: () => abort.abort() };
			}),
		close() {
			closed = true;
		},
	};
}

const notReached: ReadonlySet<string> = new Set(["ECONNREFUSED", "ConnectionRefused", "ENOTFOUND", "EAI_AGAIN"]);
/** Deno gives no code: its words for a connection that never was. */
const NOT_CONNECTED = "client error (Connect)";
const DEADLINE_EXCEEDED = 4;
const CANCELLED = 1;

function failure(error: unknown, host: string): UnitStatus {
	const { name, message, cause, code: own } = error as NodeJS.ErrnoException;
	const { code = own, message: why = message } = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
	const reached = !notReached.has(code ?? "") && !why.includes(NOT_CONNECTED);
	if (name === "TimeoutError") return ownStatus(DEADLINE_EXCEEDED, "no answer in time", reached);
	if (name === "AbortError") return ownStatus(CANCELLED, "cancelled", reached);
	return ownStatus(UNAVAILABLE, `no answer of ${host}: ${code ?? why}`, reached);
}

/** Seconds, or a date. */
function retryAfterMs(value: string | null): number | null {
	if (value === null) return null;
	const ms = /^\d{1,8}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
	return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

interface Call {
	readonly status: Promise<UnitStatus>;
	cancel(): void;
	heard?(): number;
}

/** A stream whose messages leave together, as one request, when it ends. */
function unaryStream(send: (messages: readonly Uint8Array[]) => Call): UnitStream {
	const messages: Uint8Array[] = [];
	const { promise: status, resolve } = Promise.withResolvers<UnitStatus>();
	let call: Call | null = null;
	return {
		status,
		write: (message) => messages.push(message) > 0,
		drain: async () => {},
		end() {
			call = send(messages);
			void call.status.then(resolve);
		},
		cancel() {
			if (call === null) resolve(ownStatus(CANCELLED, "cancelled", false));
			else call.cancel();
		},
		heard: () => call?.heard?.() ?? 0,
	};
}

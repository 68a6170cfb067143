import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import {
	type handleClientStreamingCall,
	Server,
	ServerCredentials,
	type ServerReadableStream,
	type sendUnaryData,
	status,
} from "@grpc/grpc-js";
import { decodeMessage } from "@wirescribe/access-log";
import { COLLECT_PATH } from "./collect-path.ts";
import { type CollectorEntry, CollectorStream } from "./collector-stream.ts";
import { listenError, parseListen, probeListen } from "./listen.ts";

/** One call of an agent. */
export interface StreamInfo {
	/** Counts the collector's streams from 1. */
	readonly id: number;
	/** `ip:port` of the agent. */
	readonly peer: string;
	/** The sender's id of what the stream delivers: the same id again is the same records again. Null: not given. */
	readonly unit: string | null;
	/** Messages taken so far. */
	readonly messages: number;
}

export interface CollectorOptions {
	/** `host:port`; port 0 lets the system choose. */
	readonly listen: string;
	/** Called for each message, in the order of its stream. Without it nothing is decoded, only counted. */
	readonly onMessage?: (stream: StreamInfo, entry: CollectorEntry) => void;
	/** Called for each message with its bytes, which nobody else uses. */
	readonly onBytes?: (stream: StreamInfo, message: Uint8Array) => void;
	/** Called when a stream is over: answered OK, or broken off by the agent. */
	readonly onStreamEnd?: (stream: StreamInfo, ok: boolean) => void;
	/** PEM files. With `caFile` agents must show a certificate of that authority. Default: plain text. */
	readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile?: string };
	/** Streams whose `Authentication` header is not this are answered UNAUTHENTICATED. */
	readonly authentication?: string;
	/** A longer message is refused with RESOURCE_EXHAUSTED. Default 4 MiB, gRPC's own. */
	readonly maxMessageBytes?: number;
}

/** What has arrived, duplicates included. The three after `bytes` stay 0 without `onMessage`. */
export interface Received {
	/** Streams that were opened. */
	streams: number;
	/** Streams answered OK. */
	acknowledged: number;
	messages: number;
	bytes: number;
	kernelLogs: number;
	protocolLogs: number;
	/** Messages that break the contract's rules. */
	violations: number;
}

export interface Collector {
	/** `ip:port` that it listens on. */
	readonly address: string;
	readonly port: number;
	readonly received: Readonly<Received>;
	/** Takes no new streams, waits `graceMs` (default 1000) for the open ones, then breaks them off. */
	close(graceMs?: number): Promise<void>;
	[Symbol.asyncDispose](): Promise<void>;
}

const identity = (bytes: Buffer): Buffer => bytes;
const empty = Buffer.alloc(0);

/** Listens and serves until it is closed. Rejects with a {@link CollectorError} when it cannot listen. */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
	const listen = parseListen(options.listen);
	if (listen.port !== 0) await probeListen(listen, options.listen);
	const received: Received = {
		streams: 0,
		acknowledged: 0,
		messages: 0,
		bytes: 0,
		kernelLogs: 0,
		protocolLogs: 0,
		violations: 0,
	};
	const server = new Server({
		"grpc.max_receive_message_length": options.maxMessageBytes ?? 4 * 1024 * 1024,
		"grpc.enable_channelz": 0,
		// 64 KB, the default, lets a fast agent wait for each window update.
		"grpc-node.flow_control_window": 4 * 1024 * 1024,
	});
	const credentials = credentialsOf(options.tls);
	const { authentication } = options;
	const collect: handleClientStreamingCall<Buffer, Buffer> = (call, answer) => {
		if (authentication === undefined || isSame(call.metadata.get("authentication")[0], authentication)) {
			serve(call, answer, options, received);
		} else answer({ code: status.UNAUTHENTICATED, details: "the Authentication header is missing or wrong" });
	};
	const definition = {
		collect: {
			path: COLLECT_PATH,
			requestStream: true,
			responseStream: false,
			requestSerialize: identity,
			requestDeserialize: identity,
			responseSerialize: identity,
			responseDeserialize: identity,
		},
	};
	server.addService(definition, { collect });
	const port = await bind(server, options.listen, credentials);
	const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
	let closed: Promise<void> | null = null;
	const close = (graceMs = 1000): Promise<void> => {
		closed ??= shutDown(server, graceMs);
		return closed;
	};
	return { address: `${host}:${port}`, port, received, close, [Symbol.asyncDispose]: () => close() };
}

function credentialsOf(tls: CollectorOptions["tls"]): ServerCredentials {
	if (tls === undefined) return ServerCredentials.createInsecure();
	const { certFile, keyFile, caFile } = tls;
	const pair = { cert_chain: readFileSync(certFile), private_key: readFileSync(keyFile) };
	return ServerCredentials.createSsl(caFile === undefined ? null : readFileSync(caFile), [pair], caFile !== undefined);
}

/** Takes the same time wherever the two differ. */
function isSame(given: unknown, wanted: string): boolean {
	const digest = (text: unknown): Buffer => createHash("sha256").update(String(text)).digest();
	return timingSafeEqual(digest(given), digest(wanted));
}

function bind(server: Server, listen: string, credentials: ServerCredentials): Promise<number> {
	return new Promise((resolve, reject) => {
		server.bindAsync(listen, credentials, (error, port) => {
			if (error === null) resolve(port);
			else reject(listenError(/\bE[A-Z]{3,}\b/.exec(error.message)?.[0] ?? "ERR_LISTEN", listen, error.message));
		});
	});
}

function shutDown(server: Server, graceMs: number): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(() => {
			server.forceShutdown();
			resolve();
		}, graceMs);
		server.tryShutdown(() => {
			clearTimeout(timer);
			resolve();
		});
	});
}

type Call = ServerReadableStream<Buffer, Buffer>;

/** One stream: messages are taken as they come, and the answer is given when the agent has ended it. */
function serve(call: Call, answer: sendUnaryData<Buffer>, options: CollectorOptions, received: Received): void {
	const unit = call.metadata.get("wirescribe-unit")[0];
	const stream = {
		id: ++received.streams,
		peer: call.getPeer(),
		unit: unit === undefined ? null : String(unit),
		messages: 0,
	};
	const rules = new CollectorStream();
	let over = false;
	const end = (ok: boolean): void => {
		if (over) return;
		over = true;
		if (ok) received.acknowledged++;
		options.onStreamEnd?.(stream, ok);
	};
	call.on("data", (bytes: Buffer) => {
		if (over) return;
		stream.messages++;
		received.messages++;
		received.bytes += bytes.length;
		options.onBytes?.(stream, bytes);
		if (options.onMessage === undefined) return;
		let entry: CollectorEntry;
		try {
			entry = rules.accept(decodeMessage(bytes));
		} catch (error) {
			end(false);
			const detail = error instanceof Error ? error.message : String(error);
			answer({ code: status.INVALID_ARGUMENT, details: `message ${stream.messages} cannot be decoded: ${detail}` });
			return;
		}
		received.kernelLogs += entry.kernelLogs.length;
		if (entry.protocolLog !== null) received.protocolLogs++;
		if (entry.violation !== null) received.violations++;
		options.onMessage(stream, entry);
	});
	call.on("end", () => {
		if (over) return;
		answer(null, empty);
		end(true);
	});
	call.on("error", () => end(false));
	call.on("cancelled", () => end(false));
}

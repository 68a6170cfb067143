import { readFileSync } from "node:fs";
import { type ClientRequest, type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { ClusterConfig } from "./cluster-config.ts";
import { KubernetesError } from "./kubernetes-error.ts";
import { Lines } from "./lines.ts";

/** Until the server has begun to answer. */
const ANSWER_MS = 30_000;
const MAX_ERROR_CHARS = 2_000;
const MAX_BODY_CHARS = 256 << 20;

export type Query = Readonly<Record<string, string | number | undefined>>;

/** How a watch is followed. */
export interface WatchHandler {
	/** One line of the stream, parsed. What it throws ends the watch. */
	event(event: unknown): void;
	/** Without a sign of life for this long the watch is over. */
	readonly silenceMs: number;
	readonly signal: AbortSignal;
}

/**
 * The API server over HTTP: lists and watches, nothing else. `node:http(s)`, because that is the one client which takes a
 * certificate authority in Node, Deno and Bun alike.
 */
export class ApiClient {
	readonly #config: ClusterConfig;

	constructor(config: ClusterConfig) {
		this.#config = config;
	}

	get server(): string {
		return this.#config.server;
	}

	/** The answer to a GET, parsed. */
	async get(path: string, query: Query, signal: AbortSignal): Promise<unknown> {
		let text = "";
		const decoder = new TextDecoder();
		await this.#exchange(path, query, { signal, silenceMs: ANSWER_MS }, (bytes) => {
			text += decoder.decode(bytes, { stream: true });
			if (text.length > MAX_BODY_CHARS) throw new RangeError(`the answer has more than ${MAX_BODY_CHARS} characters`);
		});
		return parseJson(text, path);
	}

	/** Follows a watch until the server ends it. */
	async watch(path: string, query: Query, handler: WatchHandler): Promise<void> {
		const lines = new Lines();
		await this.#exchange(path, { ...query, watch: 1 }, handler, (bytes) => {
			for (const line of lines.push(bytes)) handler.event(parseJson(line, path));
		});
	}

	async #exchange(
		path: string,
		query: Query,
		limits: { readonly signal: AbortSignal; readonly silenceMs: number },
		take: (bytes: Uint8Array) => void,
	): Promise<void> {
		const { signal, silenceMs } = limits;
		signal.throwIfAborted();
		const request = this.#request(path, query);
		const cancel = (): void => void request.destroy();
		signal.addEventListener("abort", cancel, { once: true });
		try {
			const response = await answered(request, this.#config.server);
			if (response.statusCode === 200) await received(response, silenceMs, take);
			else throw await statusError(response, path);
		} catch (error) {
			throw this.#failure(path, error);
		} finally {
			signal.removeEventListener("abort", cancel);
			request.destroy();
		}
	}

	#request(path: string, query: Query): ClientRequest {
		const url = new URL(path, this.#config.server);
		for (const [name, value] of Object.entries(query)) {
			if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
		}
		const token = this.#token();
		const headers = {
			accept: "application/json",
			"user-agent": "wirescribe",
			...(token ? { authorization: `Bearer ${token}` } : {}),
		};
		if (url.protocol === "http:") return requestPlain(url, { headers, agent: false });
		const { ca, cert, key, insecure } = this.#config;
		return requestTls(url, {
			headers,
			agent: false,
			rejectUnauthorized: insecure !== true,
			...(ca ? { ca } : {}),
			...(cert && key ? { cert, key } : {}),
		});
	}

	#token(): string | undefined {
		const { token, tokenFile } = this.#config;
		if (!tokenFile) return token;
		try {
			return readFileSync(tokenFile, "utf8").trim();
		} catch (error) {
			throw new KubernetesError(
				"ERR_KUBERNETES_CONFIG",
				`Cannot read the token from '${tokenFile}': ${(error as Error).message}`,
				{ cause: error },
			);
		}
	}

	#failure(path: string, error: unknown): KubernetesError {
		if (error instanceof KubernetesError) return error;
		const why = error instanceof Error ? error.message || error.name : String(error);
		return new KubernetesError("ERR_KUBERNETES_CONNECTION", `Cannot read ${path} from ${this.server}: ${why}`, {
			cause: error,
		});
	}
}

function answered(request: ClientRequest, server: string): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		const late = (): void => reject(new Error(`no answer from ${server} for ${ANSWER_MS / 1000} s`));
		const timer = setTimeout(late, ANSWER_MS);
		request.once("response", (response) => {
			clearTimeout(timer);
			resolve(response);
		});
		request.once("close", () => {
			clearTimeout(timer);
			reject(new Error("the connection was closed"));
		});
		// Not once: an error may follow the destruction of a request that nobody waits for any more.
		request.on("error", reject);
		request.end();
	});
}

/** Takes the body to its end; one that breaks off, or is silent for too long, is an error. */
function received(response: IncomingMessage, silenceMs: number, take: (bytes: Uint8Array) => void): Promise<void> {
	return new Promise((resolve, reject) => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		const settle = (error?: unknown): void => {
			clearTimeout(timer);
			if (error) reject(error);
			else resolve();
		};
		const listen = (): void => {
			clearTimeout(timer);
			timer = setTimeout(() => settle(new Error(`nothing came for ${silenceMs / 1000} s`)), silenceMs);
		};
		listen();
		response.on("data", (bytes: Uint8Array) => {
			listen();
			try {
				take(bytes);
			} catch (error) {
				settle(error);
			}
		});
		response.on("end", () => settle());
		response.on("error", settle);
		response.on("close", () => settle(response.complete ? undefined : new Error("the connection broke off")));
	});
}

async function statusError(response: IncomingMessage, path: string): Promise<KubernetesError> {
	const status = response.statusCode ?? 0;
	let body = "";
	const decoder = new TextDecoder();
	await received(response, ANSWER_MS, (bytes) => {
		if (body.length < MAX_ERROR_CHARS) body += decoder.decode(bytes, { stream: true });
	}).catch(() => {});
	return statusFailure(status, messageOf(body), path);
}

/** What a status means, as an error. 410: the version that was asked for is too old. */
export function statusFailure(status: number, message: string, path: string): KubernetesError {
	const code = status === 410 ? "ERR_KUBERNETES_GONE" : "ERR_KUBERNETES_STATUS";
	const todo = { 401: ": check the token", 403: ": grant the agent list and watch of pods and services" }[status] ?? "";
	return new KubernetesError(code, `Cannot read ${path}: the server says ${status} ${message}${todo}`, { status });
}

function messageOf(body: string): string {
	try {
		const { message } = JSON.parse(body) as { message?: unknown };
		if (typeof message === "string") return message;
	} catch {
		// Not the API server's own words: a proxy's, perhaps.
	}
	return body.trim().slice(0, 200);
}

function parseJson(text: string, path: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new KubernetesError(
			"ERR_KUBERNETES_PROTOCOL",
			`Cannot read ${path}: what came is not JSON: ${text.slice(0, 80)}`,
			{
				cause: error,
			},
		);
	}
}

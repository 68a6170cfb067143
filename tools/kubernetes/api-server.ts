/** A small API server over real HTTP: plays lists and watches that were recorded, and misbehaves as real ones do. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface Reply {
	readonly status?: number;
	readonly body: unknown;
}

export interface ServerRequest {
	readonly path: string;
	readonly query: Readonly<Record<string, string>>;
	readonly authorization: string | undefined;
}

/** The API server's own words for a version that it does not have any more. */
export const GONE = {
	kind: "Status",
	apiVersion: "v1",
	metadata: {},
	status: "Failure",
	message: "too old resource version: 1010 (2044)",
	reason: "Expired",
	code: 410,
};

type Server = ReturnType<typeof createServer> | ReturnType<typeof createTlsServer>;

export class ApiServer implements AsyncDisposable {
	readonly requests: ServerRequest[] = [];
	readonly config: { readonly server: string };
	readonly #server: Server;
	readonly #lists: Map<string, Reply[]> = new Map();
	readonly #refusals: Map<string, Reply[]> = new Map();
	readonly #watches: Map<string, Set<ServerResponse>> = new Map();

	private constructor(server: Server, config: { readonly server: string }) {
		this.#server = server;
		this.config = config;
	}

	static async start(tls?: { readonly key: string; readonly cert: string }): Promise<ApiServer> {
		let api: ApiServer | undefined;
		const listener: RequestListener = (request, response) => api?.answer(request, response);
		const server = tls ? createTlsServer(tls, listener) : createServer(listener);
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		const { port } = server.address() as AddressInfo;
		api = new ApiServer(server, { server: `${tls ? "https" : "http"}://127.0.0.1:${port}` });
		return api;
	}

	/** What lists of this path are answered with: one after another, the last again and again. */
	list(path: string, ...replies: Reply[]): void {
		this.#lists.set(path, replies);
	}

	/** Refuses the next watches of this path. */
	refuseWatch(path: string, ...replies: Reply[]): void {
		this.#refusals.set(path, replies);
	}

	/** Text to every open watch of this path, just as it is. */
	send(path: string, text: string): void {
		for (const watch of this.#open(path)) watch.write(text);
	}

	/** The server ends the watches in order, as it does after the time that was asked for. */
	end(path: string): void {
		for (const watch of this.#open(path)) watch.end();
	}

	/** The connections break off in the middle. */
	breakOff(path: string): void {
		for (const watch of this.#open(path)) watch.destroy();
	}

	asked(path: string, watch: boolean): ServerRequest[] {
		return this.requests.filter((one) => one.path === path && (one.query["watch"] === "1") === watch);
	}

	watching(path: string): number {
		return this.#open(path).size;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const watches of this.#watches.values()) for (const watch of watches) watch.destroy();
		this.#server.closeAllConnections?.();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	answer(request: IncomingMessage, response: ServerResponse): void {
		const url = new URL(request.url ?? "/", "http://server");
		const path = url.pathname;
		const query = Object.fromEntries(url.searchParams);
		this.requests.push({ path, query, authorization: request.headers.authorization });
		if (query["watch"] !== "1") {
			const replies = this.#lists.get(path) ?? [];
			reply(response, (replies.length > 1 ? replies.shift() : replies[0]) ?? { status: 404, body: "no such path" });
			return;
		}
		const refusal = this.#refusals.get(path)?.shift();
		if (refusal) {
			reply(response, refusal);
			return;
		}
		response.writeHead(200, { "content-type": "application/json" });
		response.flushHeaders();
		const open = this.#open(path);
		open.add(response);
		response.on("close", () => open.delete(response));
	}

	#open(path: string): Set<ServerResponse> {
		const open = this.#watches.get(path) ?? new Set();
		this.#watches.set(path, open);
		return open;
	}
}

function reply(response: ServerResponse, { status = 200, body }: Reply): void {
	response.writeHead(status, { "content-type": "application/json" });
	response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** Waits until something holds; the test's own time limit is the end of it. */
export async function until(condition: () => boolean): Promise<void> {
	while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

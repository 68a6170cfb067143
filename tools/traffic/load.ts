/**
 * A load client whose every request has a path of its own, so that each can be found again in a log:
 * keep-alive connections, one request at a time on each, at a fixed rate or as fast as the server answers.
 *
 *     node tools/traffic/load.ts --port 8080 --connections 32 --rate 20000 --total 100000
 *
 * Prints one JSON line. Requests are due by the clock, not by the answers: when the server falls behind, so does the client,
 * and it catches up; latency counts from when a request was due.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { parseArgs } from "node:util";

export interface LoadOptions {
	readonly port: number;
	readonly host?: string;
	readonly connections?: number;
	/** Requests per second over all connections; without it, as fast as the server answers. */
	readonly rate?: number;
	readonly total: number;
	/** First part of every path: `/<prefix>/<connection>/<sequence on this connection>`. */
	readonly prefix?: string;
	/** Further header lines, each ended by CRLF. */
	readonly headers?: string;
}

export interface LoadResult {
	/** Requests that were sent. */
	readonly made: number;
	/** Answers by status. */
	readonly statuses: Readonly<Record<string, number>>;
	/** Requests that got no answer: their connection broke. */
	readonly broken: number;
	readonly seconds: number;
	readonly rate: number;
	/** Milliseconds. */
	readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** How often due requests are looked for: at 20,000/s, 40 a time. */
const TICK_MS = 2;

/** Runs the load and waits for the last answer. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
	const load = new Load(options);
	return await load.run();
}

class Load {
	readonly #options: LoadOptions;
	readonly #idle: Connection[] = [];
	readonly #statuses = new Map<number, number>();
	readonly #latencies: Float64Array;
	/** Requests that were given to a connection, and those that are settled. */
	#made = 0;
	#answered = 0;
	#broken = 0;
	#startedMs = 0;
	#done: () => void = () => {};

	constructor(options: LoadOptions) {
		this.#options = options;
		this.#latencies = new Float64Array(options.total);
	}

	async run(): Promise<LoadResult> {
		const { connections = 32, port, host = "127.0.0.1" } = this.#options;
		const opened = Array.from({ length: connections }, (_, index) => new Connection(this, index, connect(port, host)));
		const finished = new Promise<void>((resolve) => {
			this.#done = resolve;
		});
		try {
			await Promise.all(opened.map(({ socket }) => once(socket, "connect")));
			this.#idle.push(...opened);
			this.#startedMs = performance.now();
			const timer = setInterval(() => this.send(), TICK_MS);
			this.send();
			await finished;
			clearInterval(timer);
		} finally {
			for (const { socket } of opened) socket.destroy();
		}
		return this.#result((performance.now() - this.#startedMs) / 1000);
	}

	/** Gives every request that is due to an idle connection, in turn. */
	send(): void {
		const { rate, total, prefix = "p", headers = "" } = this.#options;
		const now = performance.now();
		const due = rate === undefined ? total : Math.min(total, Math.floor(((now - this.#startedMs) * rate) / 1000) + 1);
		while (this.#made < due) {
			const connection = this.#idle.shift();
			if (!connection) break;
			const dueMs = rate === undefined ? now : this.#startedMs + (this.#made * 1000) / rate;
			connection.request(this.#made++, dueMs, prefix, headers);
		}
		if (this.#idle.length === 0 && this.#answered + this.#broken === this.#made && this.#made < total) this.#done();
	}

	/** A connection has its answer. */
	answered(connection: Connection, request: number, status: number, latencyMs: number): void {
		this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
		this.#latencies[request] = latencyMs;
		this.#answered++;
		this.#idle.push(connection);
		this.#settle();
	}

	/** A connection is over, with or without a request on it. */
	broken(connection: Connection, requests: number): void {
		const place = this.#idle.indexOf(connection);
		if (place >= 0) this.#idle.splice(place, 1);
		this.#broken += requests;
		this.#settle();
	}

	#settle(): void {
		if (this.#answered + this.#broken === this.#options.total) this.#done();
		else this.send();
	}

	#result(seconds: number): LoadResult {
		const sorted = this.#latencies.subarray(0, this.#made).sort();
		const at = (share: number): number => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(3));
		return {
			made: this.#made,
			statuses: Object.fromEntries(this.#statuses),
			broken: this.#broken,
			seconds: Number(seconds.toFixed(3)),
			rate: Math.round(this.#made / seconds),
			latency: { p50: at(0.5), p99: at(0.99), max: at(1) },
		};
	}
}

/** One keep-alive connection. It reads just enough of an answer to know its end: status and Content-Length. */
class Connection {
	readonly socket: Socket;
	readonly #load: Load;
	readonly #index: number;
	readonly #host: string;
	#sequence = 0;
	#request = -1;
	#dueMs = 0;
	#status = 0;
	#head = "";
	/** Body bytes still to come; -1 while in the head. */
	#missing = -1;

	constructor(load: Load, index: number, socket: Socket) {
		this.#load = load;
		this.#index = index;
		this.#host = "load.test";
		this.socket = socket.setNoDelay(true);
		socket.on("data", (bytes: Buffer) => this.#take(bytes));
		socket.on("close", () => this.#load.broken(this, this.#request >= 0 ? 1 : 0));
		// "close" follows, and counts.
		socket.on("error", () => {});
	}

	request(request: number, dueMs: number, prefix: string, headers: string): void {
		this.#request = request;
		this.#dueMs = dueMs;
		const path = `/${prefix}/${this.#index}/${this.#sequence++}`;
		this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${headers}\r\n`, "latin1");
	}

	#take(bytes: Buffer): void {
		let rest = bytes.length;
		if (this.#missing < 0) {
			this.#head += bytes.toString("latin1");
			const end = this.#head.indexOf("\r\n\r\n");
			if (end < 0) return;
			rest = this.#head.length - end - 4;
			const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head.slice(0, end + 2));
			if (!length) {
				this.socket.destroy(new Error("an answer without Content-Length"));
				return;
			}
			this.#status = Number(this.#head.slice(9, 12));
			this.#missing = Number(length[1]);
			this.#head = "";
		}
		this.#missing -= rest;
		if (this.#missing > 0) return;
		this.#missing = -1;
		const request = this.#request;
		this.#request = -1;
		this.#load.answered(this, request, this.#status, performance.now() - this.#dueMs);
	}
}

if (import.meta.main) {
	const { values } = parseArgs({
		options: {
			port: { type: "string" },
			host: { type: "string" },
			connections: { type: "string" },
			rate: { type: "string" },
			total: { type: "string", default: "1000" },
			prefix: { type: "string" },
		},
	});
	const { port, host, connections, rate, total, prefix } = values;
	if (port === undefined) throw new Error("Cannot make load without --port");
	const result = await runLoad({
		port: Number(port),
		total: Number(total),
		...(host === undefined ? {} : { host }),
		...(connections === undefined ? {} : { connections: Number(connections) }),
		...(rate === undefined ? {} : { rate: Number(rate) }),
		...(prefix === undefined ? {} : { prefix }),
	});
	process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Eight hours of a busy machine in a few minutes: loops that run until they are stopped, each beside the others. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Program } from "../../apps/agent/test/servers.ts";
import { NODE_TLS_SERVER } from "../../apps/agent/test/tls-programs.ts";
import { root } from "../workspace.ts";

/** What the loops have done so far. */
export interface Counts {
	processes: number;
	tlsProcesses: number;
	shortConnections: number;
	brokenConnections: number;
	keepAliveRequests: number;
	serverRestarts: number;
}

/** Files of the TLS server. */
interface Keys {
	readonly key: string;
	readonly cert: string;
}

interface Listening {
	readonly program: Program;
	readonly port: number;
}

/** Requests a second of the keep-alive load, one after another: calm, busy, a peak, night. */
const RATES = [500, 2000, 4000, 50] as const;
const RATE_SECONDS = 8;
const SERVER_LIFE_MS = 40_000;

/** Processes, connections and requests to an nginx and to a TLS server of its own. Disposing it ends all that it has started. */
export class Traffic implements AsyncDisposable {
	readonly counts: Counts = {
		...{ processes: 0, tlsProcesses: 0, shortConnections: 0 },
		...{ brokenConnections: 0, keepAliveRequests: 0, serverRestarts: 0 },
	};
	readonly #port: number;
	readonly #certificate: Keys;
	readonly #stop = new AbortController();
	#tls: Listening;
	#loops: Promise<unknown> = Promise.resolve();

	private constructor(port: number, certificate: Keys, tls: Listening) {
		this.#port = port;
		this.#certificate = certificate;
		this.#tls = tls;
	}

	static async to(port: number, certificate: Keys): Promise<Traffic> {
		return new Traffic(port, certificate, await startTlsServer(certificate));
	}

	/** Some of each: afterwards an idle agent has all that it keeps, and has moved its probes to where they stay (16 calls of each function). */
	async warmUp(): Promise<void> {
		for (let n = 0; n < 20; n++) {
			await this.#curl(`http://127.0.0.1:${this.#port}/warm`);
			await this.#curl(`https://127.0.0.1:${this.#tls.port}/warm`);
		}
		await this.#shortConnection();
		await this.#brokenConnection();
		await this.#load(500, 1);
	}

	start(): void {
		this.#loops = Promise.all([
			this.#repeat(async () => {
				await this.#curl(`http://127.0.0.1:${this.#port}/process/${this.counts.processes++}`);
			}),
			this.#repeat(async () => {
				await this.#curl(`https://127.0.0.1:${this.#tls.port}/tls/${this.counts.tlsProcesses++}`);
			}),
			this.#repeat(async () => {
				for (let n = 0; n < 50; n++) await this.#shortConnection();
				await this.#brokenConnection();
				await sleep(20);
			}),
			this.#repeat(async () => {
				for (const rate of RATES) if (!this.#stop.signal.aborted) await this.#load(rate, RATE_SECONDS);
			}),
			this.#repeat(async () => {
				await sleep(SERVER_LIFE_MS, undefined, { signal: this.#stop.signal }).catch(() => {});
				if (!this.#stop.signal.aborted) await this.#restartServer();
			}),
		]);
		// Whoever stops it learns of it.
		this.#loops.catch(() => this.#stop.abort());
	}

	/** No new work; what was begun is finished. The servers stay. */
	async stop(): Promise<void> {
		this.#stop.abort();
		await this.#loops;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#stop.abort();
		await this.#loops.catch(() => {});
		await this.#tls.program[Symbol.asyncDispose]();
	}

	async #repeat(work: () => Promise<void>): Promise<void> {
		while (!this.#stop.signal.aborted) await work();
	}

	/** A request that fails is traffic as well: the TLS server is restarted under it. */
	async #curl(url: string): Promise<void> {
		const child = spawn("curl", ["--silent", "--insecure", "--max-time", "5", url], { stdio: "ignore" });
		await once(child, "exit");
	}

	async #shortConnection(): Promise<void> {
		const path = `/short/${this.counts.shortConnections++}`;
		const [response] = await once(get({ host: "127.0.0.1", port: this.#port, path, agent: false }), "response");
		await once(response.resume(), "end");
	}

	/** Half a request, then a reset. */
	async #brokenConnection(): Promise<void> {
		this.counts.brokenConnections++;
		const socket = connect(this.#port, "127.0.0.1");
		socket.on("error", () => {});
		await once(socket, "connect");
		socket.write("GET /broken HTTP/1.1\r\nHost: ");
		await sleep(1);
		socket.resetAndDestroy();
	}

	/** From a process of its own, over 32 connections that are gone afterwards. */
	async #load(rate: number, seconds: number): Promise<void> {
		const options = { port: this.#port, connections: 32, rate, total: rate * seconds };
		const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
		await using load = new Program(process.execPath, [join(root, "tools/traffic/load.ts"), ...args]);
		if ((await load.exit()) !== 0) throw new Error(`Cannot make load: ${load.output}`);
		this.counts.keepAliveRequests += options.total;
	}

	async #restartServer(): Promise<void> {
		const old = this.#tls;
		this.#tls = await startTlsServer(this.#certificate);
		await old.program[Symbol.asyncDispose]();
		this.counts.serverRestarts++;
	}
}

function startTlsServer({ key, cert }: Keys): Promise<Listening> {
	return Program.listening(process.execPath, ["-e", NODE_TLS_SERVER, key, cert]);
}

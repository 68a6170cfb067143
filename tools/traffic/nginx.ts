/**
 * An nginx of our own: free port, temporary folder, an access log that is the truth which tests and benches compare with.
 * It dies with the process that started it, however that ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface NginxOptions {
	readonly host?: string;
	readonly workers?: number;
	/** Bytes of the body that every path outside of /files/ is answered with. */
	readonly bodyBytes?: number;
	/** Write the log in blocks: it then costs the server next to nothing, and is complete 0.1 s later. */
	readonly bufferedLog?: boolean;
	/** `off` writes no log at all. */
	readonly log?: "on" | "off";
	/** The processor that the only worker stays on; without it, wherever the scheduler has it. */
	readonly cpu?: number;
	/** Lines for the server block. */
	readonly server?: string;
}

/** What nginx knows of one request. */
export interface NginxEntry {
	readonly connection: number;
	/** Which request of its connection, from 1. */
	readonly sequence: number;
	readonly remote: string;
	readonly method: string;
	readonly path: string;
	readonly status: number;
	/** Request line, headers and body. */
	readonly requestBytes: number;
	readonly bodyBytes: number;
	/** Status line, headers and body of the response. */
	readonly responseBytes: number;
}

const FORMAT = [
	"$connection",
	"$connection_requests",
	"$remote_addr:$remote_port",
	"$request_method",
	"$request_uri",
	"$status",
	"$request_length",
	"$body_bytes_sent",
	"$bytes_sent",
].join("\\t");

/** A running nginx; `await using` stops it. Files: `/files/small.txt` (612 bytes), `/files/large.bin` (256 KiB). */
export class Nginx {
	readonly port: number;
	readonly host: string;
	/** The master's. */
	readonly pid: number;
	readonly #child: ChildProcess;
	readonly #folder: string;
	readonly #settleMs: number;

	constructor(child: ChildProcess, folder: string, host: string, port: number, settleMs: number) {
		this.#child = child;
		this.#folder = folder;
		this.#settleMs = settleMs;
		this.host = host;
		this.port = port;
		this.pid = child.pid as number;
	}

	/** The log so far. A request is logged after its response was sent, so this waits until nothing more is written. */
	async log(): Promise<NginxEntry[]> {
		const file = join(this.#folder, "access.log");
		for (let size = -1; size !== statSync(file).size; ) {
			size = statSync(file).size;
			await sleep(this.#settleMs);
		}
		const lines = readFileSync(file, "latin1").split("\n");
		lines.pop();
		return lines.map(entryOf);
	}

	async stop(): Promise<void> {
		try {
			if (this.#child.exitCode === null && this.#child.signalCode === null) {
				const ended = once(this.#child, "exit");
				this.#child.kill("SIGTERM");
				const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
				await ended;
				clearTimeout(timer);
			}
		} finally {
			rmSync(this.#folder, { recursive: true, force: true });
		}
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.stop();
	}
}

function entryOf(line: string): NginxEntry {
	const [connection, sequence, remote = "", method = "", path = "", status, request, body, response] = line.split("\t");
	return {
		connection: Number(connection),
		sequence: Number(sequence),
		remote,
		method,
		path,
		status: Number(status),
		requestBytes: Number(request),
		bodyBytes: Number(body),
		responseBytes: Number(response),
	};
}

/** Starts nginx and waits until it answers. Debian's nginx-light is enough. */
export async function startNginx(options: NginxOptions = {}): Promise<Nginx> {
	const host = options.host ?? "127.0.0.1";
	const port = await freePort(host);
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-nginx-"));
	const settleMs = options.bufferedLog ? 250 : 50;
	writeFileSync(join(folder, "small.txt"), "s".repeat(612));
	writeFileSync(join(folder, "large.bin"), "l".repeat(256 * 1024));
	writeFileSync(join(folder, "nginx.conf"), configuration(folder, host, port, options));
	// The parent-death signal ends it also when we are killed; nginx's master then ends its workers.
	const args = ["--pdeathsig", "TERM", "nginx", "-p", folder, "-c", join(folder, "nginx.conf")];
	const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
	const child = spawn("setpriv", args, { stdio: ["ignore", "ignore", "pipe"], env });
	const nginx = new Nginx(child, folder, host, port, settleMs);
	let complaint = "";
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		complaint += text;
	});
	child.on("error", (error) => {
		complaint = error.message;
	});
	for (let attempt = 0; attempt < 200; attempt++) {
		if (await answers(host, port)) return nginx;
		if (child.exitCode !== null || child.pid === undefined) break;
		await sleep(25);
	}
	await nginx.stop();
	throw new Error(`Cannot start nginx on ${host}:${port}: ${complaint.trim() || "it does not answer after 5 s"}`);
}

function configuration(folder: string, host: string, port: number, options: NginxOptions): string {
	const { workers = 1, bodyBytes = 128, bufferedLog = false, log = "on", cpu, server = "" } = options;
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
	const buffer = bufferedLog ? " buffer=256k flush=100ms" : "";
	return `
daemon off;
user root;
worker_processes ${workers};
${cpu === undefined ? "" : `worker_cpu_affinity 1${"0".repeat(cpu)};`}
worker_rlimit_nofile 65536;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 16384; }
http {
	${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n\t")}
	log_format truth "${FORMAT}";
	access_log ${log === "on" ? `${folder}/access.log truth${buffer}` : "off"};
	default_type text/plain;
	keepalive_requests 1000000000;
	keepalive_timeout 1h;
	lingering_close off;
	server {
		listen ${host.includes(":") ? `[${host}]` : host}:${port} backlog=4096;
		${server}
		location /files/ { alias ${folder}/; }
		location / { return 200 "${"x".repeat(bodyBytes)}"; }
	}
}
`;
}

/** A port that is free now. Between asking and using, somebody may take it: nginx then says so. */
async function freePort(host: string): Promise<number> {
	const server = createServer().listen(0, host);
	await once(server, "listening");
	const { port } = server.address() as { port: number };
	server.close();
	await once(server, "close");
	return port;
}

function answers(host: string, port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, host);
		const settle = (yes: boolean): void => {
			socket.destroy();
			resolve(yes);
		};
		socket.once("connect", () => settle(true));
		socket.once("error", () => settle(false));
	});
}

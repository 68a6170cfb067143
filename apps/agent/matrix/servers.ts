import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startNginx } from "../../../tools/traffic/nginx.ts";
import type { Certificate } from "../test/certificate.ts";
import { Program } from "../test/servers.ts";
import { DIES_WITH_US, type Stage } from "./stage.ts";
import type { Account } from "./truth.ts";

/** A server of the matrix. */
export interface MatrixServer {
	readonly name: string;
	readonly tls: boolean;
	readonly port: number;
	readonly pids: () => readonly number[];
	/** Path of a file of `{size}` bytes; `{path}` makes it one of its own. */
	readonly download: string;
	/** What the server says of its requests, of all so far. */
	readonly log: () => Promise<readonly Account[]>;
}

const FILES = "/files/{size}?{path}";
const DYNAMIC = "/{path}?size={size}";

type Start = (stage: Stage, certificate: Certificate | undefined) => Promise<Omit<MatrixServer, "name" | "tls">>;

/** A server of `programs/`, which prints its port and then a JSON line a request. */
function script(command: (stage: Stage) => readonly string[]): Start {
	return async (stage, certificate) => {
		const [file = "", ...args] = [...DIES_WITH_US, ...command(stage)];
		const files = certificate ? [certificate.key, certificate.cert] : [];
		const { program, port } = await Program.listening(file, [...args, ...files]);
		stage.stack.use(program);
		// A client may be gone before its last requests are logged.
		const log = async (): Promise<Account[]> => {
			for (let length = -1; length !== program.stdout.length; ) {
				length = program.stdout.length;
				await sleep(50);
			}
			return jsonLines(program.stdout);
		};
		return { port, pids: () => [program.pid], download: DYNAMIC, log };
	};
}

function jsonLines(output: string): Account[] {
	const whole = output.slice(0, output.lastIndexOf("\n") + 1).split("\n");
	return whole.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Account);
}

/** nginx serves files itself and hands everything else to a Node server that nobody watches. */
function nginx(sendfile: "on" | "off"): Start {
	return async (stage, certificate) => {
		const tls = certificate
			? `ssl on; ssl_certificate ${certificate.cert}; ssl_certificate_key ${certificate.key};`
			: "";
		const server = await startNginx({
			server: `${tls}
		client_max_body_size 0;
		large_client_header_buffers 4 32k;
		location ~ ^/files/ { root ${stage.folder}; sendfile ${sendfile}; }
		location ~ / {
			proxy_pass http://127.0.0.1:${stage.upstream};
			proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $http_connection;
			proxy_ignore_client_abort on;
		}`,
		});
		stage.stack.use(server);
		const pids = (): number[] => [server.pid, ...childrenOf(server.pid)];
		return { port: server.port, pids, download: FILES, log: () => server.log() };
	};
}

function childrenOf(pid: number): number[] {
	return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

const MODULES = ["mpm_event", "authz_core", "proxy", "proxy_http", "ssl"];

async function apache(stage: Stage, certificate: Certificate | undefined): ReturnType<Start> {
	const port = await freePort();
	const folder = stage.newFolder(`apache-${port}`);
	chmodSync(folder, 0o777);
	const tls = certificate
		? `SSLEngine on\nSSLCertificateFile ${certificate.cert}\nSSLCertificateKeyFile ${certificate.key}`
		: "";
	const log = join(folder, "access.log");
	writeFileSync(
		join(folder, "apache.conf"),
		`ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/pid
ServerName localhost
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
User www-data
Group www-data
Listen 127.0.0.1:${port}
ErrorLog ${folder}/error.log
LogFormat "%m\\t%U%q\\t%>s\\t%I\\t%O" truth
CustomLog ${log} truth
MaxKeepAliveRequests 0
LimitRequestLine 32768
EnableSendfile On
DocumentRoot ${stage.folder}
ProxyPass /files/ !
ProxyPass / http://127.0.0.1:${stage.upstream}/ upgrade=websocket
${tls}
`,
	);
	const [setpriv = "", ...options] = DIES_WITH_US;
	const child = new Program(setpriv, [
		...options,
		"/usr/sbin/apache2",
		"-f",
		join(folder, "apache.conf"),
		"-DFOREGROUND",
	]);
	stage.stack.defer(async () => {
		child.child.kill("SIGTERM");
		await child.exit();
	});
	await untilAnswers(port, () => child.output);
	const entries = async (): Promise<Account[]> => {
		await sleep(50);
		const lines = readFileSync(log, "latin1").split("\n").slice(0, -1);
		return lines.map((line) => {
			const [method = "", path = "", status, requestBytes, responseBytes] = line.split("\t");
			// Of TLS it counts the ciphertext.
			const sizes = tls ? {} : { requestBytes: Number(requestBytes), responseBytes: Number(responseBytes) };
			return { method, path, status: Number(status), ...sizes };
		});
	};
	return { port, pids: () => [child.pid, ...childrenOf(child.pid)], download: FILES, log: entries };
}

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as { port: number };
	await new Promise((resolve) => server.close(resolve));
	return port;
}

async function untilAnswers(port: number, complaint: () => string): Promise<void> {
	for (let attempt = 0; attempt < 400; attempt++) {
		const socket = connect(port, "127.0.0.1");
		const open = await new Promise<boolean>((resolve) => {
			socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
		});
		socket.destroy();
		if (open) return;
		await sleep(25);
	}
	throw new Error(`Nobody listens on port ${port} after 10 s: ${complaint()}`);
}

interface ServerKind {
	readonly name: string;
	readonly start: Start;
	readonly tls: readonly boolean[];
}

const BOTH = [false, true] as const;

/** Every server, with the exact one, which is the standard server for clients, last. */
const SERVERS: readonly ServerKind[] = [
	{ name: "nginx sendfile", start: nginx("on"), tls: [false] },
	{ name: "nginx", start: nginx("off"), tls: BOTH },
	{ name: "Apache", start: apache, tls: BOTH },
	{ name: "http.server", start: script(({ file }) => ["/usr/bin/python3", file("http_server.py")]), tls: BOTH },
	{ name: "Node 20", start: script(({ file }) => ["/usr/bin/node", file("node_server.mjs")]), tls: BOTH },
	{ name: "Node 26", start: script(({ file }) => [process.execPath, file("node_server.mjs")]), tls: BOTH },
	{ name: "Bun", start: script(({ bun, file }) => [bun, file("web_server.mjs")]), tls: BOTH },
	{ name: "Deno", start: script(({ deno, file }) => [...deno, file("web_server.mjs")]), tls: BOTH },
	{ name: "Go", start: script(({ go }) => [go("server")]), tls: BOTH },
	{ name: "exact", start: script(({ file }) => ["/usr/bin/python3", file("exact_server.py")]), tls: BOTH },
];

/** A server that may be started. */
export interface PlannedServer {
	readonly name: string;
	readonly tls: boolean;
	readonly start: (stage: Stage) => Promise<MatrixServer>;
}

export function plannedServers(): PlannedServer[] {
	return SERVERS.flatMap(({ name: kind, start, tls }) =>
		tls.map((secure) => {
			const name = secure ? `${kind} TLS` : kind;
			return {
				name,
				tls: secure,
				start: async (stage) => ({
					name,
					tls: secure,
					...(await start(stage, secure ? stage.certificate : undefined)),
				}),
			};
		}),
	);
}

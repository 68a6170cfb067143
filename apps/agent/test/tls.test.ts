/** The access log of TLS connections: real libraries on both ends, each request once for each end, as the plaintext has it. */
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, get } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { type Nginx, startNginx } from "../../../tools/traffic/nginx.ts";
import type { TlsOverview } from "../src/doctor/tls.ts";
import { Certificate } from "./certificate.ts";
import { program as runtime } from "./runtimes.ts";
import { Program } from "./servers.ts";
import {
	CONNECT_PROXY,
	NODE_TLS_CLIENT,
	NODE_TLS_SERVER,
	NODE_TUNNEL_CLIENT,
	PYTHON_TLS_CLIENT,
	PYTHON_TLS_PIPELINE,
	PYTHON_TLS_SERVER,
} from "./tls-programs.ts";
import { bothEnds, end, ledgerFile, run, threeRequests, watching } from "./tls-watching.ts";
import { type Line, Wirescribe } from "./wirescribe.ts";

const node26 = process.execPath;
const node20 = "/usr/bin/node";
const python = "/usr/bin/python3";

beforeAll(() => ensureDebian(["curl", "openssl", "python3", "nginx-light", "wget"]));

/** A server on Node 26. */
function nodeServer({ key, cert }: Certificate): ReturnType<typeof Program.listening> {
	return Program.listening(node26, ["-e", NODE_TLS_SERVER, key, cert]);
}

/** An nginx that speaks TLS on this port, too. */
async function startTlsNginx({ key, cert }: Certificate): Promise<{ nginx: Nginx; port: number }> {
	const free = await startNginx();
	const { port } = free;
	await free.stop();
	const server = `ssl_certificate ${cert}; ssl_certificate_key ${key}; listen 127.0.0.1:${port} ssl;`;
	return { nginx: await startNginx({ server, bodyBytes: 50 }), port };
}

describe("servers that were there before the agent", () => {
	it("nginx, asked by curl, wget (GnuTLS), python3, Node 20 and Node 26", async () => {
		using certificate = new Certificate();
		const { nginx, port } = await startTlsNginx(certificate);
		await using _ = nginx;
		await using wirescribe = await watching(port);
		const url = `https://127.0.0.1:${port}`;
		await run("curl", "-sk", `${url}/curl/1`, `${url}/curl/2`);
		await run("curl", "-sk", "-d", "0123456789", `${url}/curl/post`);
		await run("wget", "-qO-", "--no-check-certificate", `${url}/wget`);
		await run(python, "-c", PYTHON_TLS_CLIENT, String(port), "python");
		await run(node20, "-e", NODE_TLS_CLIENT, String(port), "node20");
		await run(node26, "-e", NODE_TLS_CLIENT, String(port), "node26");
		const truth = (await nginx.log()).filter(({ method }) => method !== "");
		expect(truth).toHaveLength(13);
		const ledger = await end(wirescribe, 26);
		for (const entry of truth) {
			const line = bothEnds(wirescribe.lines, entry.path);
			expect(line).toMatchObject({ comm: "nginx", method: entry.method, status: entry.status });
			// This location reads no body, and nginx counts none.
			expect(line.request?.header_bytes).toBe(entry.requestBytes);
			expect(line.request?.body_bytes).toBe(entry.method === "POST" ? 10 : 0);
			expect(line.response?.body_bytes).toBe(entry.bodyBytes);
		}
		expect(ledger.operations?.skipped["tls_ciphertext"]).toBeGreaterThan(0);
		expect(ledger.operations?.lost["tls_socket"]).toBe(0);
		expect(ledger.tls.read).toBe(ledger.tls.connections);
		expect(ledger.tls.notVisible).toEqual([]);
		for (const name of ["SSL_read", "gnutls_record_recv"]) {
			expect(ledger.tls.watched.filter(({ functions }) => functions.includes(name)).length).toBeGreaterThan(0);
		}
	});

	it("an open keep-alive connection, of which only the server's end is asked for", async () => {
		using certificate = new Certificate();
		const { program, port } = await nodeServer(certificate);
		await using _ = program;
		const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
		const ask = async (path: string): Promise<void> => {
			const [answer] = (await once(get({ port, path, agent }), "response")) as [IncomingMessage];
			answer.resume();
			await once(answer, "end");
		};
		try {
			await ask("/before");
			await using wirescribe = await watching(port, "--role", "server");
			await ask("/after");
			await ask("/again");
			await end(wirescribe, 2);
			const lines = wirescribe.lines.map(({ role, path, status, partial }) => ({ role, path, status, partial }));
			expect(lines).toEqual(["/after", "/again"].map((path) => ({ role: "server", path, status: 200, partial: [] })));
		} finally {
			agent.destroy();
		}
	});
});

describe("functions whose first instruction is dear", () => {
	it("are watched further on once calls have shown the same there, and no call is missed or counted twice", async () => {
		using certificate = new Certificate();
		const { nginx, port } = await startTlsNginx(certificate);
		await using _ = nginx;
		await using wirescribe = await watching(port);
		const ask = (from: number): Promise<void> =>
			run("curl", "-sk", ...Array.from({ length: 40 }, (_, i) => `https://127.0.0.1:${port}/${from + i}`));
		await ask(0);
		// The agent looks at its trials four times a second.
		await new Promise((resolve) => setTimeout(resolve, 600));
		await ask(40);
		const ledger = await end(wirescribe, 160);
		for (let n = 0; n < 80; n++) expect(bothEnds(wirescribe.lines, `/${n}`).status).toBe(200);
		const libssl = ledger.tls.watched.find(({ path }) => path.endsWith("libssl.so.3"));
		const inside = /^SSL_(read|write) (at|around) .*\(emulated\), tried$/;
		const moved = libssl?.probes.filter((text) => inside.test(text)) ?? [];
		// Other processors: the starts and the returns.
		expect(moved).toHaveLength(process.arch === "x64" ? 2 : 0);
	});
});

/** A library that nobody has used before is found when a process of it starts: on a busy machine the first one may be too quick. */
async function untilFound(wirescribe: Wirescribe, name: string, ask: (name: string) => Promise<void>): Promise<void> {
	for (let n = 0; n < 60; n++) {
		await ask(`find-${name}-${n}`);
		const seen = (): number => wirescribe.lines.filter(({ path }) => path?.startsWith(`/find-${name}-${n}/`)).length;
		for (let wait = 0; wait < 20 && seen() < 6; wait++) await sleep(50);
		if (seen() === 6) return;
	}
	throw new Error(`${name} is not found: ${wirescribe.stderr}`);
}

describe("servers that start after the agent", () => {
	const servers = [
		{ name: "Node 26", file: node26, args: ["-e", NODE_TLS_SERVER] },
		{ name: "Node 20", file: node20, args: ["-e", NODE_TLS_SERVER] },
		{ name: "python3", file: python, args: ["-c", PYTHON_TLS_SERVER] },
	];
	it.each(servers)("$name, asked by Node 20, Node 26, python3 and curl", async ({ file, args }) => {
		using certificate = new Certificate();
		const options = ["--output", "json", "--query-values", "--ledger", ledgerFile];
		await using wirescribe = await Wirescribe.start(["run", ...options], { tls: true });
		const { program, port } = await Program.listening(file, [...args, certificate.key, certificate.cert]);
		await using server = program;
		const clients = [
			{ name: "node20", ask: (name: string) => run(node20, "-e", NODE_TLS_CLIENT, String(port), name) },
			{ name: "node26", ask: (name: string) => run(node26, "-e", NODE_TLS_CLIENT, String(port), name) },
			{ name: "python", ask: (name: string) => run(python, "-c", PYTHON_TLS_CLIENT, String(port), name) },
		];
		for (const { name, ask } of clients) await untilFound(wirescribe, name, ask);
		for (const { name, ask } of clients) await ask(name);
		await run("curl", "-sk", `https://127.0.0.1:${port}/curl?size=7`);
		const ours = (): Line[] =>
			wirescribe.lines.filter(
				({ local, remote, path }) =>
					[local, remote].some((end) => end.endsWith(`:${port}`)) && !path?.startsWith("/find-"),
			);
		await wirescribe.until(() => ours().length >= 20, "20 lines");
		expect(await wirescribe.stop()).toBe(0);
		const lines = ours();
		expect(lines).toHaveLength(20);
		for (const name of ["node20", "node26", "python"]) threeRequests(lines, name);
		expect(bothEnds(lines, "/curl?size=7")).toMatchObject({ pid: server.pid, response: { body_bytes: 7 } });
	});

	it("requests that were pipelined, through perf buffers", async () => {
		using certificate = new Certificate();
		const { program, port } = await nodeServer(certificate);
		await using _ = program;
		await using wirescribe = await watching(port, "--queue", "perf");
		await run(python, "-c", PYTHON_TLS_PIPELINE, String(port));
		await end(wirescribe, 6);
		for (const n of [1, 2, 3]) expect(bothEnds(wirescribe.lines, `/pipe/${n}?size=7`).status).toBe(200);
	});
});

describe("TLS in a tunnel", () => {
	it("is read after the request for the tunnel, by curl and Node", async () => {
		using certificate = new Certificate();
		const { program, port } = await nodeServer(certificate);
		await using _ = program;
		const { program: proxyProgram, port: proxy } = await Program.listening(node26, ["-e", CONNECT_PROXY]);
		await using __ = proxyProgram;
		const ports = ["--port", String(port), "--port", String(proxy)];
		await using wirescribe = await Wirescribe.start(["run", "--output", "json", "--query-values", ...ports], {
			tls: true,
		});
		await run("curl", "-sk", "-x", `http://127.0.0.1:${proxy}`, `https://127.0.0.1:${port}/tunnel/curl?size=7`);
		await run(node26, "-e", NODE_TUNNEL_CLIENT, String(port), String(proxy));
		await wirescribe.until(() => wirescribe.lineCount >= 8, "8 lines");
		expect(await wirescribe.stop()).toBe(0);
		expect(wirescribe.stderr).not.toContain("does not balance");
		expect(wirescribe.lines).toHaveLength(8);
		const connects = wirescribe.lines.filter(({ method }) => method === "CONNECT");
		expect(connects.map(({ role, status, tls }) => `${role} ${status} ${tls}`).sort()).toEqual([
			...["client 200 false", "client 200 false", "server 200 false", "server 200 false"],
		]);
		for (const client of ["curl", "node"]) {
			const found = wirescribe.lines.filter(({ path }) => path === `/tunnel/${client}?size=7`);
			expect(found.map(({ role, remote }) => `${role} ${role === "client" && remote}`).sort()).toEqual([
				`client 127.0.0.1:${proxy}`,
				"server false",
			]);
			for (const line of found) {
				expect(line).toMatchObject({ tls: true, status: 200, response: { body_bytes: 7 }, partial: [] });
			}
		}
	});
});

describe("a recording of TLS", () => {
	it("is redacted like any other, and gives the same lines", async () => {
		using certificate = new Certificate();
		const { program, port } = await nodeServer(certificate);
		await using _ = program;
		const file = `${ledgerFile}.wsr`;
		try {
			await using recorder = await Wirescribe.start(["record", file, "--port", String(port)], { tls: true });
			await run(python, "-c", PYTHON_TLS_CLIENT, String(port), "python");
			expect(await recorder.stop()).toBe(0);
			expect(readFileSync(file, "latin1")).not.toMatch(/0123456789|n{100}/);
			const replay = new Wirescribe(["replay", file, "--output", "json"]);
			expect(await replay.exit()).toBe(0);
			expect(replay.lines).toHaveLength(6);
			expect(bothEnds(replay.lines, "/python/post")).toMatchObject({ status: 201, request: { body_bytes: 10 } });
		} finally {
			rmSync(file, { force: true });
		}
	});
});

describe("without TLS", () => {
	it("nothing is attached, and the connections are counted", async () => {
		using certificate = new Certificate();
		const { program, port } = await nodeServer(certificate);
		await using _ = program;
		await using wirescribe = await watching(port, "--no-tls");
		await run(python, "-c", PYTHON_TLS_CLIENT, String(port), "python");
		const ledger = await end(wirescribe, 0);
		expect(ledger.tls).toEqual({ connections: 2, read: 0, notVisible: [], watched: [] });
	});
});

describe("a process whose TLS cannot be seen", () => {
	it("is named with the reason", async () => {
		using certificate = new Certificate();
		const { program, port } = await nodeServer(certificate);
		await using _ = program;
		await using wirescribe = await watching(port);
		const [bun] = runtime("bun");
		const script = `await (await fetch("https://127.0.0.1:${port}/bun", { tls: { rejectUnauthorized: false } })).text(); await Bun.sleep(500);`;
		await run(bun as string, "-e", script);
		const ledger = await end(wirescribe, 1);
		expect(wirescribe.lines[0]).toMatchObject({ role: "server", path: "/bun", tls: true });
		expect(ledger.tls).toMatchObject({
			connections: 2,
			read: 1,
			notVisible: [{ comm: expect.stringContaining("bun"), reason: "Bun contains BoringSSL without symbols" }],
		});
		expect(wirescribe.stderr).toMatch(/TLS, not visible, because Bun contains BoringSSL/);
	});

	it("is what doctor says of it, beside the files that are read", async () => {
		const [file] = runtime("bun");
		await using bun = new Program(file as string, ["-e", "console.log(1); await Bun.sleep(60000)"]);
		while (bun.output === "") await new Promise((resolve) => setTimeout(resolve, 10));
		const words = new Wirescribe(["doctor"]);
		expect(await words.exit()).toBe(0);
		expect(words.stdout).toMatch(new RegExp(`\\(${bun.pid}\\): TLS, not visible, because Bun contains BoringSSL`));
		const json = new Wirescribe(["doctor", "--json"]);
		expect(await json.exit()).toBe(0);
		const { tls } = JSON.parse(json.stdout) as { tls: TlsOverview };
		expect(tls.notVisible.find(({ pid }) => pid === bun.pid)?.reason).toBe("Bun contains BoringSSL without symbols");
		const node = tls.files.find(({ pids }) => pids.includes(process.pid));
		expect(node?.libraries).toMatchObject([{ library: "openssl" }]);
		expect(tls.files.some(({ path }) => path.endsWith("libssl.so.3"))).toBe(true);
	});
});

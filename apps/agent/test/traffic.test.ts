import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { startNginx } from "../../../tools/traffic/nginx.ts";
import { NODE_SERVER, Program, PYTHON_CLIENT, PYTHON_SERVER } from "./servers.ts";
import { type Line, Wirescribe } from "./wirescribe.ts";

const node = process.execPath;

beforeAll(() => ensureDebian(["curl", "python3", "nginx-light", "wrk", "gcc", "libc6-dev"]));

/** Watches one port, makes traffic, waits until `count` lines are there, and gives them by path. */
async function watch(
	port: number,
	count: number,
	traffic: () => Promise<void> | void,
	...more: string[]
): Promise<Line[]> {
	await using wirescribe = await Wirescribe.start([
		"run",
		"--output",
		"json",
		"--port",
		String(port),
		"--query-values",
		...more,
	]);
	await traffic();
	await wirescribe.until(() => wirescribe.lineCount >= count, `${count} lines`);
	expect(await wirescribe.stop()).toBe(0);
	expect(wirescribe.lines).toHaveLength(count);
	expect(wirescribe.stderr).not.toContain("does not balance");
	return wirescribe.lines;
}

function find(lines: readonly Line[], role: "client" | "server", path: string): Line {
	const found = lines.filter((line) => line.role === role && line.path === path);
	expect(found, `${role} ${path} in ${JSON.stringify(lines)}`).toHaveLength(1);
	return found[0] as Line;
}

function curl(...args: string[]): void {
	const { status, stderr } = spawnSync("curl", ["-s", "-o", "/dev/null", ...args], { encoding: "utf8" });
	expect(status, stderr).toBe(0);
}

describe("both ends of real programs", () => {
	it("curl to Node: methods, sizes, statuses, addresses", async () => {
		const { program, port } = await Program.listening(node, ["-e", NODE_SERVER, "127.0.0.1"]);
		await using server = program;
		const lines = await watch(port, 8, () => {
			curl(`http://127.0.0.1:${port}/get?size=11`);
			curl("-X", "POST", "--data-binary", "0123456789", `http://127.0.0.1:${port}/post`);
			curl("-I", `http://127.0.0.1:${port}/head?size=100`);
			curl(`http://127.0.0.1:${port}/missing`);
		});
		const get = find(lines, "server", "/get?size=11");
		expect(get).toMatchObject({
			pid: server.pid,
			local: `127.0.0.1:${port}`,
			protocol: "http/1.1",
			method: "GET",
			host: `127.0.0.1:${port}`,
			status: 200,
			tls: false,
			partial: [],
			response: { body_bytes: 11 },
			request: { body_bytes: 0 },
		});
		const seenByCurl = find(lines, "client", "/get?size=11");
		expect(seenByCurl).toMatchObject({
			comm: "curl",
			local: get.remote,
			remote: get.local,
			request: get.request,
			response: get.response,
		});
		expect(find(lines, "server", "/post")).toMatchObject({ method: "POST", request: { body_bytes: 10 } });
		expect(find(lines, "client", "/head?size=100")).toMatchObject({
			method: "HEAD",
			status: 200,
			response: { body_bytes: 0 },
		});
		expect(find(lines, "server", "/missing")).toMatchObject({ status: 404 });
	});

	it("IPv6", async () => {
		const { program, port } = await Program.listening(node, ["-e", NODE_SERVER, "::1"]);
		await using _ = program;
		const lines = await watch(port, 2, () => curl("-g", `http://[::1]:${port}/six`));
		expect(find(lines, "server", "/six").local).toBe(`[::1]:${port}`);
		expect(find(lines, "client", "/six").remote).toBe(`[::1]:${port}`);
	});

	it("python3 http.client to python3 http.server", async () => {
		const { program, port } = await Program.listening("python3", ["-c", PYTHON_SERVER]);
		await using _ = program;
		const lines = await watch(port, 4, async () => {
			await using client = new Program("python3", ["-c", PYTHON_CLIENT, String(port)]);
			expect(await client.exit()).toBe(0);
		});
		expect(find(lines, "server", "/python/get?size=9")).toMatchObject({ status: 200, response: { body_bytes: 17 } });
		expect(find(lines, "client", "/python/post")).toMatchObject({
			method: "POST",
			status: 201,
			request: { body_bytes: 10 },
		});
	});

	it("Node fetch to nginx", async () => {
		await using nginx = await startNginx();
		const script = `fetch("http://127.0.0.1:${nginx.port}/fetch/1").then((r) => r.text())`;
		const lines = await watch(nginx.port, 2, async () => {
			await using client = new Program(node, ["-e", script]);
			expect(await client.exit()).toBe(0);
		});
		expect(find(lines, "client", "/fetch/1").status).toBe(200);
		expect(find(lines, "server", "/fetch/1")).toMatchObject({ comm: "nginx", status: 200 });
	});

	it("wrk to nginx: as many lines as nginx counts", async () => {
		await using nginx = await startNginx();
		await using wirescribe = await Wirescribe.start([
			"run",
			"--output",
			"json",
			"--port",
			String(nginx.port),
			"--role",
			"server",
			"--ring-size",
			"64MB",
		]);
		const { status } = spawnSync("wrk", ["-t1", "-c4", "-d1s", `http://127.0.0.1:${nginx.port}/wrk`]);
		expect(status).toBe(0);
		const truth = await nginx.log();
		expect(truth.length).toBeGreaterThan(100);
		await wirescribe.until(() => wirescribe.lineCount >= truth.length, `${truth.length} lines`);
		await wirescribe.stop();
		const lines = wirescribe.lines.filter((line) => line.status !== null);
		expect(lines.length).toBe(truth.length);
		expect(lines.every((line) => line.method === "GET" && line.path === "/wrk" && line.status === 200)).toBe(true);
	});
});

describe("servers that were there before the agent", () => {
	it("an open keep-alive connection", async () => {
		const { program, port } = await Program.listening(node, ["-e", NODE_SERVER, "127.0.0.1"]);
		await using _ = program;
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		const get = (path: string): Promise<void> =>
			new Promise((resolve, reject) => {
				const outgoing = request({ port, host: "127.0.0.1", path, agent }, (response) => {
					response.resume();
					response.on("end", resolve);
				});
				outgoing.on("error", reject);
				outgoing.end();
			});
		try {
			await get("/before");
			const lines = await watch(port, 2, () => get("/after"));
			expect(find(lines, "server", "/after")).toMatchObject({ status: 200, partial: [] });
			expect(find(lines, "client", "/after")).toMatchObject({ status: 200, partial: [] });
			const ofServer = await watch(port, 1, () => get("/server"), "--role", "server");
			expect(find(ofServer, "server", "/server")).toMatchObject({ status: 200, partial: [] });
			const ofClient = await watch(port, 1, () => get("/client"), "--role", "client");
			expect(find(ofClient, "client", "/client")).toMatchObject({ status: 200, partial: [] });
		} finally {
			agent.destroy();
		}
	});

	it("a recv of python3's http.server that was already blocked", async () => {
		const line = await answersFromBlockedRecv("python3", ["-c", PYTHON_SERVER]);
		expect(line).toMatchObject({ status: 200, response: { body_bytes: 17 } });
	});

	it("a recv of a C server that was already blocked", async () => {
		const folder = mkdtempSync(join(tmpdir(), "wirescribe-test-"));
		try {
			const server = join(folder, "server");
			const source = join(import.meta.dirname, "fixtures/blocked-server.c");
			const { status, stderr } = spawnSync("gcc", ["-Wall", "-Werror", "-o", server, source], { encoding: "utf8" });
			expect(status, stderr).toBe(0);
			const line = await answersFromBlockedRecv(server, []);
			expect(line).toMatchObject({ comm: "server", status: 200, response: { body_bytes: 6 } });
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	});
});

/** The server's line for a request that comes after the agent, into a recv that was called before. */
async function answersFromBlockedRecv(file: string, args: readonly string[]): Promise<Line> {
	const { program, port } = await Program.listening(file, args);
	await using _ = program;
	const socket = connect(port, "127.0.0.1");
	await new Promise((resolve) => socket.once("connect", resolve));
	// The server has accepted and sits in recv before anything is attached.
	await new Promise((resolve) => setTimeout(resolve, 300));
	try {
		const lines = await watch(port, 2, async () => {
			socket.write("GET /blocked HTTP/1.1\r\nHost: h\r\n\r\n");
			await new Promise((resolve) => socket.once("data", resolve));
		});
		return find(lines, "server", "/blocked");
	} finally {
		socket.destroy();
	}
}

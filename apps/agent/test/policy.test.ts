import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "@wirescribe/pipeline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { NODE_SERVER, Program } from "./servers.ts";
import { type Line, Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-policy-"));
const recording = join(folder, "traffic.wsr");
/** A trace id that stands at n / 32 of all: by its last 56 bits. */
const traceOf = (n: number): string => `4bf92f3577b34da6a3${(n * 8).toString(16).padStart(2, "0")}29d0e0e47360`;

/** 30 requests, of which 10 fail, each with a trace of its own: seen by server and client. */
beforeAll(async () => {
	await ensureDebian(["curl"]);
	const { program, port } = await Program.listening(process.execPath, ["-e", NODE_SERVER, "127.0.0.1"]);
	await using _server = program;
	await using recorder = await Wirescribe.start(["record", recording, "--raw", "--port", String(port)]);
	for (let n = 0; n < 30; n++) {
		const path = n % 3 === 0 ? "missing" : "found";
		const trace = `traceparent: 00-${traceOf(n)}-00f067aa0ba902b7-01`;
		const { status } = spawnSync("curl", [
			"-s",
			"-o",
			"/dev/null",
			"-H",
			trace,
			`http://127.0.0.1:${port}/${path}/${n}?page=${n}`,
		]);
		expect(status).toBe(0);
	}
	expect(await recorder.stop(), recorder.stderr).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function replay(...args: string[]): Promise<{ lines: Line[]; stdout: string; ledger: Ledger }> {
	const file = join(folder, "ledger.json");
	await using wirescribe = new Wirescribe(["replay", recording, "--output", "json", "--ledger", file, ...args]);
	expect(await wirescribe.exit(), wirescribe.stderr).toBe(0);
	const ledger = JSON.parse(readFileSync(file, "utf8")) as Ledger;
	expect(ledger.messages).toMatchObject({ requestStartsRead: 60, balanced: true });
	return { lines: wirescribe.lines, stdout: wirescribe.stdout, ledger };
}

describe("replay with a policy", () => {
	it("logs what a filter means, and counts the rest", async () => {
		const { lines, ledger } = await replay("--filter", "status == 404 and role == server and path ~ /missing/*");
		expect(lines).toHaveLength(10);
		expect(lines.every(({ status, role }) => status === 404 && role === "server")).toBe(true);
		expect(ledger.messages).toMatchObject({ logged: 10, leftOut: { filtered: 50 } });
	});

	it("keeps both ends of a trace, or none", async () => {
		const { lines, ledger } = await replay("--sample", "50%");
		const kept = [...new Set(lines.map(({ path }) => path))];
		expect(kept).toEqual(Array.from({ length: 14 }, (_, n) => expect.stringMatching(new RegExp(`/${16 + n}\\?`))));
		expect(ledger.messages).toMatchObject({ logged: 28, leftOut: { sampled: 32 } });
		const some = await replay("--sample", "0", "--sample-rule", "status == 404=1");
		expect(some.ledger.messages).toMatchObject({ logged: 20, leftOut: { sampled: 40 } });
	});

	it("logs no more than a rate limit lets through", async () => {
		const { lines, ledger } = await replay("--rate-limit", "0.001/process", "--filter", "role == server");
		expect(lines).toHaveLength(1);
		expect(ledger.messages).toMatchObject({ leftOut: { filtered: 30, "rate-limited": 29 } });
	});

	it("gives the same bytes for any number of partitions", async () => {
		const policy = [
			"--filter",
			"path ~ /found/*",
			"--sample",
			"0.7",
			"--headers",
			"*",
			"--body-prefix",
			"1KB",
			"--redact",
			"path:ids",
		];
		const { stdout, lines } = await replay(...policy);
		expect(stdout).toContain('"path":"/found/x?page=x"');
		expect(lines[0]?.request).toHaveProperty("headers");
		expect((await replay(...policy, "--partitions", "3")).stdout).toBe(stdout);
	});

	it("shows queries of some names", async () => {
		expect((await replay("--query-allow", "page")).stdout).toContain('"path":"/found/1?page=1"');
		expect((await replay("--query-values", "--redact", "query:page")).stdout).not.toMatch(/page=\d/);
		expect((await replay("--query-values")).stdout).toContain("page=1");
	});
});

/** Sends one request in two parts: what is given first, then the rest of a body of so many bytes. */
const SENDER = `
import socket, sys, time
port, first, size = map(int, sys.argv[1:4])
body = b'{"note":"' + b"n" * (size - 11) + b'"}'
head = b"POST /large HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/json\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n" % size
with socket.create_connection(("127.0.0.1", port)) as s:
    s.sendall(head + body[:first])
    time.sleep(0.1)
    s.sendall(body[first:])
    while s.recv(65536): pass
`;

describe("a body", () => {
	it("is logged as far as it was asked for, and was captured", async () => {
		const { program, port } = await Program.listening(process.execPath, ["-e", NODE_SERVER, "127.0.0.1"]);
		await using _server = program;
		const watch = ["run", "--port", String(port), "--role", "client", "--output", "json", "--headers", "content-type"];
		await using agent = await Wirescribe.start([...watch, "--body-prefix", "64KB"], { ready: "watching " });
		await using little = await Wirescribe.start([...watch, "--body-prefix", "100"], { ready: "watching " });
		const send = (first: number, size: number): void => {
			expect(spawnSync("python3", ["-c", SENDER, String(port), String(first), String(size)]).status).toBe(0);
		};
		send(20_000, 20_000);
		send(0, 20_000);
		send(0, 3_000);
		for (const one of [agent, little]) await one.until(() => one.lineCount >= 3, "three lines");
		type Logged = { body: string; body_cut: boolean };
		const of = (one: Wirescribe): [number, boolean][] =>
			one.lines.map(({ request }) => [
				(request as unknown as Logged).body.length,
				(request as unknown as Logged).body_cut,
			]);
		// With its head in one system call up to 32 KiB, in one of its own 4 KiB.
		expect(of(agent)).toEqual([
			[20_000, false],
			[4_096, true],
			[3_000, false],
		]);
		expect(of(little)).toEqual([
			[100, true],
			[100, true],
			[100, true],
		]);
	});
});

describe("a sample", () => {
	it("does not touch the metrics of what the filter means, and no label says what may not leave", async () => {
		const { program, port } = await Program.listening(process.execPath, ["-e", NODE_SERVER, "127.0.0.1"]);
		await using _server = program;
		const policy = [
			"--sample",
			"0",
			"--filter",
			"not path ~ /health",
			"--redact",
			"path:/reset/*",
			"--rate-limit",
			"1",
		];
		const watch = ["--port", String(port), "--role", "server", "--metrics-listen", "127.0.0.1:0"];
		await using agent = await Wirescribe.start(["run", ...watch, ...policy], { ready: "watching " });
		for (const path of ["orders/1", "orders/2", "reset/secretword", "health"]) {
			expect(spawnSync("curl", ["-s", "-o", "/dev/null", `http://127.0.0.1:${port}/${path}`]).status).toBe(0);
		}
		const status = /http:\/\/127\.0\.0\.1:\d+/.exec(agent.stderr)?.[0] as string;
		await expect
			.poll(async () => (await fetch(`${status}/metrics`)).text())
			.toContain('wirescribe_left_out_total{reason="filtered"} 1');
		const metrics = await (await fetch(`${status}/metrics`)).text();
		for (const line of [
			'wirescribe_left_out_total{reason="sampled"} 3',
			'wirescribe_http_requests_total{endpoint="GET /orders/{id}",role="server",status="2xx"} 2',
			'wirescribe_http_requests_total{endpoint="GET /reset/x",role="server",status="2xx"} 1',
			'wirescribe_http_request_duration_seconds_count{endpoint="GET /orders/{id}",role="server"} 2',
		]) {
			expect(metrics.split("\n")).toContain(line);
		}
		expect(metrics).not.toContain("GET /health");
		expect(metrics).not.toContain("secretword");
		expect(agent.stdout).toBe("");
	});
});

describe("an option that cannot be used says why", () => {
	it.each([
		[
			["--filter", "statsu == 5"],
			"wirescribe: --filter: cannot use the filter, column 1: there is no field 'statsu', did you mean 'status'?\n  statsu == 5\n  ^^^^^^\n",
		],
		[["--sample-rule", "path ~ /a"], "--sample-rule takes EXPR=RATIO, not 'path ~ /a'"],
		[["--sample-rule", "status =5"], "wirescribe: --sample-rule takes a part of all, such as 0.1 or 10%, not '5'"],
		[["--sample", "2"], "--sample takes a part of all"],
		[["--sample-errors"], "--sample-errors needs --sample RATIO"],
		[["--rate-limit", "5/second"], "--rate-limit takes N, N/endpoint or N/process, N above 0; not '5/second'"],
		[["--redact", "password"], "--redact: 'password' is no redaction rule: it takes header:NAME"],
		[["--body-types", "text/*"], "--body-types needs --body-prefix BYTES"],
		[["--body-prefix", "1MB"], "--body-prefix takes 1 to 64KB, not '1MB'"],
		[["--headers", "a b"], "--headers: 'a b' names nothing"],
	])("%j", async (args, message) => {
		await using wirescribe = new Wirescribe(["replay", recording, ...args]);
		expect(await wirescribe.exit()).toBe(2);
		expect(wirescribe.stderr).toContain(message);
	});
});

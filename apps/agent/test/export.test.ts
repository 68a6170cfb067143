import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { Wirescribe } from "./wirescribe.ts";

const RECORDING = fileURLToPath(new URL("./fixtures/nginx.wsr", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wirescribe-export-"));
/** What the server was asked: method, path, headers as sent, body. */
const asked: { method: string; url: string; headers: string[]; body: string }[] = [];
let server: Server;
let port = 0;

beforeAll(async () => {
	await ensureDebian(["curl"]);
	server = createServer(async (request, response) => {
		let body = "";
		for await (const chunk of request) body += chunk;
		asked.push({ method: request.method ?? "", url: request.url ?? "", headers: request.rawHeaders, body });
		response.writeHead(request.url === "/missing" ? 404 : 200, { "content-type": "application/json" });
		response.end('{"id":7,"password":"hunter2"}');
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	port = (server.address() as AddressInfo).port;
});

afterAll(() => {
	server.closeAllConnections();
	server.close();
	rmSync(folder, { recursive: true, force: true });
});

/** Runs a program to its end, while the server in this process goes on. */
async function run(file: string, args: readonly string[]): Promise<void> {
	const [code] = await once(spawn(file, args, { stdio: "ignore" }), "close");
	expect(code).toBe(0);
}

async function exported(...args: string[]): Promise<string> {
	await using wirescribe = new Wirescribe(["export", ...args]);
	expect(await wirescribe.exit(), wirescribe.stderr).toBe(0);
	return wirescribe.stdout;
}

const REQUESTS: readonly (readonly string[])[] = [
	[
		"-H",
		"x-quote: it's `id` $(id)",
		"-H",
		"content-type: application/json",
		"-d",
		'{"name":"O\'Hi\\n"}',
		"/orders?a=[1]&b='x'",
	],
	["-X", "PUT", "-H", "content-type: text/plain", "-H", "user-agent:", "--data-raw", "@-and\nmore", "/notes/../notes"],
	["-X", "POST", "-H", "content-type: text/plain", "-d", "", "/empty"],
	["/missing"],
	["-H", "authorization: Bearer 123", "/private?token=abc"],
];

describe("export", () => {
	it("of a raw recording as curl commands: the server sees the same requests", async () => {
		const file = join(folder, "raw.wsr");
		const commands = join(folder, "requests.sh");
		{
			await using recorder = await Wirescribe.start(["record", file, "--raw", "--port", String(port)]);
			for (const args of REQUESTS) {
				const url = `http://127.0.0.1:${port}${args.at(-1)}`;
				await run("curl", ["-s", "-g", "--path-as-is", ...args.slice(0, -1), url]);
			}
			expect(await recorder.stop(), recorder.stderr).toBe(0);
		}
		const first = asked.splice(0);
		expect(first.length).toBe(REQUESTS.length);
		const shown = ["--query-values", "--headers", "*,authorization"];
		await exported("--format", "curl", file, "--out", commands, ...shown);
		expect(statSync(commands).mode & 0o777).toBe(0o600);
		await run("sh", [commands]);
		const sorted = (requests: typeof asked) =>
			requests.map(({ headers, ...rest }) => ({ ...rest, headers: pairs(headers).sort() }));
		expect(sorted(asked)).toEqual(sorted(first));

		const har = JSON.parse(await exported("--format", "har", file, "--filter", "path == /private"));
		expect(har.log.entries.length).toBe(1);
		expect(JSON.stringify(har)).not.toMatch(/123"|abc|hunter2/);
		expect(har.log.entries[0]).toMatchObject({
			request: { url: `http://127.0.0.1:${port}/private?token=x` },
			response: { content: { text: '{"id":7,"password":"x"}' } },
		});
		expect(har.log.comment).toContain("Recorded raw");
	});

	it("of live traffic, until it is enough", async () => {
		await using wirescribe = await Wirescribe.start(
			["export", "--live", "--format", "har", "--count", "2", "--port", String(port), "--no-tls"],
			{ ready: "Ctrl-C ends" },
		);
		for (const path of ["/one", "/two", "/three"]) await run("curl", ["-s", `http://127.0.0.1:${port}${path}`]);
		expect(await wirescribe.exit(), wirescribe.stderr).toBe(0);
		const { entries } = JSON.parse(wirescribe.stdout).log;
		expect(entries.map(({ request }: { request: { url: string } }) => new URL(request.url).pathname)).toEqual([
			"/one",
			"/two",
		]);
	});

	it("of a redacted recording says so in every format", async () => {
		for (const format of ["har", "curl", "k6", "vitest"]) {
			expect(await exported("--format", format, RECORDING, "--count", "3")).toContain("Recorded redacted");
		}
		const script = join(folder, "traffic.mjs");
		writeFileSync(script, await exported("--format", "k6", RECORDING));
		expect(spawnSync(process.execPath, ["--check", script], { encoding: "utf8" })).toMatchObject({
			status: 0,
			stderr: "",
		});
		expect(readFileSync(script, "utf8").match(/"at":/g)?.length).toBe(88);
	});

	it.each([
		[["--format", "har"], "a FILE to read, or --live"],
		[["--format", "hra", RECORDING], "--format takes har or curl or k6 or vitest, not 'hra'"],
		[[RECORDING], "export needs --format"],
		[["--format", "curl", RECORDING, "--to", "localhost"], "--to takes an origin"],
		[["--format", "curl", RECORDING, "--out", "/nowhere/at/all"], "cannot write '/nowhere/at/all'"],
	])("says what is wrong with %j", async (args, problem) => {
		await using wirescribe = new Wirescribe(["export", ...args]);
		expect(await wirescribe.exit()).toBe(2);
		expect(wirescribe.stderr).toContain(problem);
	});
});

/** Names, in lower case, with their values. */
function pairs(raw: readonly string[]): string[] {
	return raw.flatMap((name, at) => (at % 2 === 0 ? [`${name.toLowerCase()}: ${raw[at + 1]}`] : []));
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { JsonTransaction } from "@wirescribe/access-log";
import { Ajv } from "ajv";
import draft6 from "ajv/dist/refs/json-schema-draft-06.json" with { type: "json" };
import formats from "ajv-formats";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { createExporter, type ExportFormat } from "../src/create-exporter.ts";
import { EXCHANGES, exchange, OPTIONS } from "./exchanges.ts";

/** A package of JSON files, without types. */
const schemas = createRequire(import.meta.url)("har-schema") as Record<string, object>;
const folder = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), "tools-"));
/** What the server was asked, in order. */
const asked: { method: string; path: string; headers: [string, string][]; body: string }[] = [];
let server: Server;
let origin = "";

beforeAll(async () => {
	await ensureDebian(["curl"]);
	server = createServer(async (request: IncomingMessage, response) => {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		const { rawHeaders } = request;
		const headers = rawHeaders.flatMap((name, at): [string, string][] =>
			at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1] as string]] : [],
		);
		const body = Buffer.concat(chunks).toString();
		asked.push({ method: request.method ?? "", path: request.url ?? "", headers, body });
		response.writeHead(201).end("ok");
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
	server.closeAllConnections();
	server.close();
	rmSync(folder, { recursive: true, force: true });
});

/** The file that an export is written to. */
function write(name: string, format: ExportFormat, exchanges: readonly JsonTransaction[], to?: string): string {
	const exporter = createExporter(format, { ...OPTIONS, ...(to === undefined ? {} : { to }) });
	const file = join(folder, name);
	writeFileSync(file, exporter.head() + exchanges.map((tx) => exporter.exchange(tx)).join("") + exporter.tail());
	return file;
}

/** Runs a program to its end; fails with what it said. */
async function run(file: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
	const child = spawn(file, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.on("data", (data) => {
			output += data;
		});
	}
	const [code] = await once(child, "close");
	expect(code, output).toBe(0);
	return output;
}

describe("HAR", () => {
	it("is valid by the schema of HAR 1.2", () => {
		const ajv = new Ajv({ strict: false });
		formats.default(ajv);
		ajv.addMetaSchema(draft6);
		for (const schema of Object.values(schemas)) ajv.addSchema(schema);
		const validate = ajv.getSchema("har.json#");
		const file = write("traffic.har", "har", EXCHANGES);
		expect(validate?.(JSON.parse(readFileSync(file, "utf8"))), JSON.stringify(validate?.errors)).toBe(true);
		expect(validate?.({ log: { version: "1.2", creator: {}, entries: [] } })).toBe(false);
	});
});

describe("curl commands, run by sh", () => {
	it("send the request that was logged, whatever is in it", async () => {
		const printable = fc.string({
			unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
		});
		const requests = fc.record({
			method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "M-SEARCH"),
			path: fc.webPath().map((path) => `/${path}?a=[1-3]&b={x,y}&c='$(id)'`.replaceAll(/[^!-~]/g, "")),
			header: printable.map((value) => value.trim()),
			body: fc.string({ unit: "grapheme" }).map((body) => body.replaceAll("\0", "")),
		});
		const samples = fc.sample(requests, { numRuns: 40, seed: 7 });
		const hard = {
			method: "POST",
			path: "/a/../b?x='\"`$HOME\\",
			header: 'it\'s `id` $(id) \\ "q" !',
			body: "@/etc/passwd\n'\"$x\n",
		};
		const exchanges = [hard, ...samples].map(({ method, path, header, body }) => {
			const headers = { host: "shop.test", "x-test": header, "x-empty": "", accept: ["text/html", "*/*"] };
			return exchange({ method, path, request: { header_bytes: 100, body_bytes: 1, headers, body, body_cut: false } });
		});
		asked.length = 0;
		await run("sh", [write("traffic.sh", "curl", exchanges, origin)]);
		expect(asked.length).toBe(exchanges.length);
		for (const [at, { request, method, path }] of exchanges.entries()) {
			const { headers, ...seen } = asked[at] as (typeof asked)[0];
			expect(seen).toEqual({ method, path, body: request?.body });
			const body = request?.body ?? "";
			const framing = [["content-length", String(Buffer.byteLength(body))]];
			const expected = [
				...[
					["host", "shop.test"],
					["x-test", String(request?.headers?.["x-test"])],
					["x-empty", ""],
				],
				...[["accept", "text/html"], ["accept", "*/*"], ...framing],
			];
			expect(headers.sort()).toEqual(expected.sort());
		}
	});
});

describe("vitest fixtures, run by vitest", () => {
	it("give the exchanges, and a server that answers as recorded", async () => {
		const again = exchange({ response: { header_bytes: 90, body_bytes: 3, headers: { "x-turn": "2" }, body: "two" } });
		write("traffic.fixture.ts", "vitest", [...EXCHANGES, again]);
		writeFileSync(
			join(folder, "use.test.ts"),
			`import { expect } from "vitest";
import { exchanges, test } from "./traffic.fixture.ts";

test("answers one after the other", async ({ recordedServer }) => {
	const ask = () => fetch(recordedServer.url + "/orders?page=2&q=%C3%A4", { method: "POST", body: "{}", redirect: "manual" });
	const first = await ask();
	expect([first.status, first.headers.getSetCookie(), await first.json()]).toEqual([201, ["a=1; Path=/", "b=2"], { id: 7 }]);
	await (await ask()).text();
	const third = await ask();
	expect([third.headers.get("x-turn"), await third.text()]).toEqual(["2", "two"]);
	expect((await fetch(recordedServer.url + "/unknown")).status).toBe(501);
	await expect(fetch(recordedServer.url + "/")).rejects.toThrow();
});

test("has the exchanges", ({ exchanges: given }) => {
	expect(given).toBe(exchanges);
	expect(given.map(({ method }) => method)).toEqual(["POST", "GET", "POST", "HEAD", "PUT", "POST"]);
	expect(given[4]?.missing).toEqual(["request body cut (9000 bytes on the wire)"]);
});
`,
		);
		writeFileSync(join(folder, "vitest.config.ts"), "export default {};\n");
		const vitest = fileURLToPath(new URL("../../../node_modules/vitest/vitest.mjs", import.meta.url));
		const env = { NO_COLOR: "1", NODE_OPTIONS: "" };
		expect(await run(process.execPath, [vitest, "run", "--root", folder], env)).toMatch(/Tests +2 passed/);
	});
});

// k6 itself is one binary that cannot be had here: its modules are stood in for, by curl where it would send.
describe("a k6 script, with a stand-in for k6", () => {
	it("uses k6 as its types say", async () => {
		const script = write("typed.js", "k6", EXCHANGES);
		const tsc = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));
		const as = [
			"--ignoreConfig",
			"--noEmit",
			"--allowJs",
			"--checkJs",
			"--strict",
			"--noImplicitAny",
			"false",
			"--types",
			"k6",
		];
		await run(process.execPath, [tsc, ...as, "--module", "esnext", "--moduleResolution", "bundler", script]);
	});

	it("sends the requests in their order, and checks their status", async () => {
		mkdirSync(join(folder, "node_modules/k6"), { recursive: true });
		const manifest = { name: "k6", type: "module", exports: { ".": "./index.mjs", "./http": "./http.mjs" } };
		writeFileSync(join(folder, "node_modules/k6/package.json"), JSON.stringify(manifest));
		writeFileSync(
			join(folder, "node_modules/k6/index.mjs"),
			`export const sleep = (seconds) => console.log("sleep", seconds);
export const check = (value, sets) => console.log(Object.entries(sets).map(([name, test]) => name + ": " + test(value)).join());
`,
		);
		writeFileSync(
			join(folder, "node_modules/k6/http.mjs"),
			`import { execFileSync } from "node:child_process";
const expectedStatuses = (...statuses) => statuses;
function request(method, url, body, { headers, redirects, responseCallback, tags }) {
	if (redirects !== 0 || !tags.name.startsWith(method)) throw new Error("not as k6 takes it");
	const sent = Object.entries(headers).flatMap(([name, value]) => ["--header", name + ": " + value]);
	const data = body === null ? [] : ["--data-raw", body];
	const status = execFileSync("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, ...sent, ...data, url]);
	return { status: Number(status) };
}
export default { request, expectedStatuses };
`,
		);
		const later = exchange({ time: "2026-11-29T12:00:02.123456789Z", status: 500 });
		write("traffic.mjs", "k6", [exchange(), later]);
		writeFileSync(
			join(folder, "run.mjs"),
			'import run, { options } from "./traffic.mjs";\nif (options.vus !== 1) throw new Error("no options");\nrun();\n',
		);
		// What k6 has as a global.
		writeFileSync(
			join(folder, "env.mjs"),
			`globalThis.__ENV = { BASE_URL: ${JSON.stringify(`${origin}/`)}, PACE: "1" };\n`,
		);
		asked.length = 0;
		const output = await run(process.execPath, ["--import=./env.mjs", "run.mjs"], { NODE_OPTIONS: "" });
		expect(output.trim().split("\n")).toEqual(["status as recorded: true", "sleep 2", "status as recorded: false"]);
		expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual(
			Array(2).fill(["POST", "/orders?page=2&q=%C3%A4", '{"name":"O\'Hi"}']),
		);
		expect(asked[0]?.headers).toContainEqual(["cookie", "session=xxxx; theme=dark"]);
	});
});

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RUNTIMES } from "./runtimes.ts";
import { Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-runtimes-"));
const server = createServer((request, response) => response.end(`you asked for ${request.url}`));
let port = 0;

beforeAll(async () => {
	server.listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	({ port } = server.address() as AddressInfo);
});
afterAll(() => {
	server.closeAllConnections();
	server.close();
	rmSync(folder, { recursive: true, force: true });
});

function ask(path: string): Promise<void> {
	return new Promise((resolve, reject) => {
		get({ port, host: "127.0.0.1", path, agent: false, headers: { cookie: "secret=1" } }, (response) => {
			response.resume();
			response.on("end", resolve);
		}).on("error", reject);
	});
}

async function replay(runtime: string, file: string, partitions: number): Promise<Wirescribe> {
	await using wirescribe = new Wirescribe(
		["replay", file, "--output", "json", "--partitions", String(partitions)],
		runtime,
	);
	expect(await wirescribe.exit(), wirescribe.stderr).toBe(0);
	return wirescribe;
}

describe.each(Object.keys(RUNTIMES))("%s", (runtime) => {
	it("runs", async () => {
		await using wirescribe = await Wirescribe.start(["run", "--output", "json", "--port", String(port)], { runtime });
		await ask("/run?token=1");
		await wirescribe.until(() => wirescribe.lineCount >= 2, "both ends");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(wirescribe.lines.map(({ path, status, partial }) => [path, status, partial])).toEqual([
			["/run?token=x", 200, []],
			["/run?token=x", 200, []],
		]);
		expect(wirescribe.stderr).not.toContain("does not balance");
		expect(wirescribe.stderr).not.toContain("Warning");
	});

	it("tells of itself, and hands over", async () => {
		const control = ["--control", join(folder, `${runtime}.sock`), "--takeover"];
		const args = ["run", "--output", "json", "--port", String(port), "--metrics-listen", "127.0.0.1:0", ...control];
		const ready = "watching ";
		await using old = await Wirescribe.start(args, { runtime, ready });
		await ask("/told");
		await old.until(() => old.lineCount >= 2, "both ends");
		const url = /on (http:\/\/127\.0\.0\.1:\d+)/.exec(old.stderr)?.[1];
		const metrics = await (await fetch(`${url}/metrics`)).text();
		expect(metrics).toContain('wirescribe_http_requests_total{endpoint="GET /told",role="server",status="2xx"} 1');
		expect(metrics).toMatch(/^wirescribe_info\{version="[\d.]+",runtime="(node|bun|deno) [\d.]+"\} 1$/m);
		expect((await fetch(`${url}/readyz`)).status).toBe(200);
		await using young = await Wirescribe.start(args, { runtime, ready });
		expect(await old.exit(), old.stderr).toBe(0);
		await ask("/new");
		await young.until(() => young.lineCount >= 2, "both ends");
		expect(await young.stop(), young.stderr).toBe(0);
		expect([...old.lines, ...young.lines].map(({ path }) => path)).toEqual(["/told", "/told", "/new", "/new"]);
	});

	it("runs on worker threads", async () => {
		const args = ["run", "--output", "json", "--port", String(port), "--partitions", "2"];
		await using wirescribe = await Wirescribe.start(args, { runtime });
		for (const path of ["/1", "/2", "/3"]) await ask(path);
		await wirescribe.until(() => wirescribe.lineCount >= 6, "both ends of three");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(wirescribe.lines.map(({ path }) => path).sort()).toEqual(["/1", "/1", "/2", "/2", "/3", "/3"]);
		expect(wirescribe.stderr).not.toContain("does not balance");
	});

	it("records, and replays to the same bytes in every runtime and for any number of partitions", async () => {
		const file = join(folder, `${runtime.replace(" ", "-")}.wsr`);
		await using recorder = await Wirescribe.start(["record", file, "--port", String(port)], {
			runtime,
			ready: "recording to",
		});
		for (const path of ["/a?k=v", "/b", "/c"]) await ask(path);
		await sleep(300);
		expect(await recorder.stop(), recorder.stderr).toBe(0);
		const reference = await replay("node 26", file, 1);
		expect(reference.lines).toHaveLength(6);
		expect(reference.lines.every(({ partial, status }) => status === 200 && partial.length === 0)).toBe(true);
		for (const other of Object.keys(RUNTIMES)) {
			expect((await replay(other, file, 1)).stdout).toBe(reference.stdout);
		}
		for (const partitions of [2, 5]) expect((await replay(runtime, file, partitions)).stdout).toBe(reference.stdout);
	});
});

describe.each(["node 26", "bun"])("%s", (runtime) => {
	it("collects", async () => {
		await using collector = await Wirescribe.start(["collect", "--listen", "127.0.0.1:0", "--output", "json"], {
			runtime,
			ready: "collecting on",
		});
		const address = /collecting on (\S+);/.exec(collector.stderr)?.[1] as string;
		await using wirescribe = await Wirescribe.start(["run", "--backend", address, "--port", String(port)]);
		await ask("/collected");
		await collector.until(() => collector.lineCount >= 2, "both ends");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(await collector.stop(), collector.stderr).toBe(0);
		expect(collector.lines.map(({ path, role, status }) => [path, role, status]).sort()).toEqual([
			["/collected", "client", 200],
			["/collected", "server", 200],
		]);
	});
});

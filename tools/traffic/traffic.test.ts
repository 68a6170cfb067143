import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ensureDebian } from "../debian.ts";
import { runLoad } from "./load.ts";
import { startNginx } from "./nginx.ts";

beforeAll(() => ensureDebian(["nginx-light"]));

test("nginx logs each request of the load client once, each with a path of its own", async () => {
	await using nginx = await startNginx({ bodyBytes: 77 });
	const result = await runLoad({ port: nginx.port, connections: 4, rate: 2000, total: 1000, prefix: "load" });
	expect(result).toMatchObject({ made: 1000, statuses: { 200: 1000 }, broken: 0 });
	const log = await nginx.log();
	expect(log).toHaveLength(1000);
	expect(new Set(log.map(({ path }) => path)).size).toBe(1000);
	expect(new Set(log.map(({ connection }) => connection)).size).toBe(4);
	for (const { path, method, status, bodyBytes, sequence, requestBytes } of log) {
		const [, prefix, , number] = path.split("/");
		expect([prefix, Number(number), method, status, bodyBytes]).toEqual(["load", sequence - 1, "GET", 200, 77]);
		expect(requestBytes).toBe(`GET ${path} HTTP/1.1\r\nHost: load.test\r\n\r\n`.length);
	}
});

test("files are served, and a buffered log is complete when it is read", async () => {
	await using nginx = await startNginx({ bufferedLog: true, workers: 2 });
	const response = await fetch(`http://127.0.0.1:${nginx.port}/files/small.txt`);
	expect((await response.text()).length).toBe(612);
	expect(await nginx.log()).toMatchObject([{ path: "/files/small.txt", bodyBytes: 612 }]);
});

test("nginx is gone when it was stopped, with its folder", async () => {
	const nginx = await startNginx();
	const { pid, port } = nginx;
	await nginx.stop();
	expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
	await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});

test("a configuration that nginx refuses is an error that says why", async () => {
	await expect(startNginx({ server: "no_such_directive on;" })).rejects.toThrow(/no_such_directive/);
});

test("nginx dies with the process that started it", async () => {
	const script = `
		import { startNginx } from ${JSON.stringify(new URL("./nginx.ts", import.meta.url).href)};
		const nginx = await startNginx();
		process.stdout.write(String(nginx.pid));
		process.kill(process.pid, "SIGKILL");
	`;
	// Nobody is left to remove its files.
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-traffic-"));
	const env = { ...process.env, TMPDIR: folder };
	let pid = 0;
	try {
		execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", env });
	} catch (error) {
		pid = Number((error as { stdout: string }).stdout);
	}
	try {
		expect(pid).toBeGreaterThan(0);
		await expect.poll(() => isRunning(pid)).toBe(false);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

/** A process that has ended may wait a second for init to ask for its exit code: `Z`. */
function isRunning(pid: number): boolean {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		return stat[stat.lastIndexOf(")") + 2] !== "Z";
	} catch {
		return false;
	}
}

test("a server that closes its connections breaks requests, and the client counts them", async () => {
	await using server = createServer((request) => request.socket.destroy()).listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	const { port } = server.address() as AddressInfo;
	const result = await runLoad({ port, connections: 3, total: 10 });
	expect(result).toMatchObject({ made: 3, broken: 3, statuses: {} });
});

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { startNginx } from "../../../tools/traffic/nginx.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { Program } from "./servers.ts";
import { Wirescribe } from "./wirescribe.ts";

beforeAll(() => ensureDebian(["nginx-light", "curl"]));

const LOAD = fileURLToPath(new URL("../../../tools/traffic/load.ts", import.meta.url));

function curl(port: number, path: string): void {
	expect(spawnSync("curl", ["-s", "-o", "/dev/null", `http://127.0.0.1:${port}${path}`]).status).toBe(0);
}

describe("top and watch, live", () => {
	it("top shows nginx under load, and gives the terminal back after SIGTERM", async () => {
		await using nginx = await startNginx();
		await using terminal = new PseudoTerminal(["top", "--port", String(nginx.port), "--no-tls"], { columns: 100 });
		await terminal.shows("nothing in the last minute");
		const args = ["--port", nginx.port, "--connections", 8, "--rate", 1_000, "--total", 10_000].map(String);
		await using load = new Program(process.execPath, [LOAD, ...args]);
		// 1,000 a second, each seen from both ends and counted once.
		await terminal.shows(/^ GET .* +(9\d\d|1\d{3}) +\d+ +0 +\d/m);
		await terminal.shows(/^ [\d:.]+ 200 +\d+us +\d+B nginx\(\d+\) +GET \//m);
		expect(await load.exit(), load.output).toBe(0);
		await terminal.shows(/^ GET .* 10\.0k /m);
		curl(nginx.port, "/files/absent");
		await terminal.shows(/404 .* GET \/files\/absent/);
		terminal.press("\t\u001b[B\r");
		expect(await terminal.shows("answered")).toMatch(/request +GET \/files\/absent\n/);
		terminal.signal(15);
		const end = await terminal.end();
		expect(end).toEqual({ exit: 0, restored: true });
		expect(terminal.alternate).toBe(false);
	});

	it("watch writes a line for each request, with chosen fields", async () => {
		await using nginx = await startNginx();
		const args = ["watch", "--port", String(nginx.port), "--no-tls", "--fields", "role,method,path,status,comm"];
		await using watch = await Wirescribe.start(args, { ready: "Ctrl-C ends", tls: true });
		curl(nginx.port, "/n/7?key=secret");
		await watch.until(() => watch.lineCount >= 2, "both ends");
		expect(await watch.stop(), watch.stderr).toBe(0);
		expect(watch.stdout.split("\n").sort()).toEqual([
			"",
			"client\tGET\t/n/7?key=x\t200\tcurl",
			"server\tGET\t/n/7?key=x\t200\tnginx",
		]);
	});

	it("watch ends quietly when nobody reads it any more", async () => {
		await using nginx = await startNginx();
		await using watch = await Wirescribe.start(["watch", "--port", String(nginx.port), "--no-tls"], {
			ready: "Ctrl-C ends",
			tls: true,
		});
		watch.child.stdout?.destroy();
		const asking = setInterval(() => curl(nginx.port, "/n/1"), 200);
		try {
			expect(await watch.exit()).toBe(0);
		} finally {
			clearInterval(asking);
		}
		expect(watch.stderr.split("\n").length).toBe(2);
	});
});

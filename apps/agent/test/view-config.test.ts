/** Commands that look on read the configuration of `run`: what is watched, how it is captured, what is masked. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { startNginx } from "../../../tools/traffic/nginx.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { Wirescribe } from "./wirescribe.ts";

const RECORDING = fileURLToPath(new URL("./fixtures/nginx.wsr", import.meta.url));
const BAD = fileURLToPath(new URL("./fixtures/config/bad-values", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wirescribe-view-config-"));

beforeAll(() => ensureDebian(["nginx-light", "curl"]));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
}

function curl(port: number, path: string): void {
	expect(spawnSync("curl", ["-s", "-o", "/dev/null", `http://127.0.0.1:${port}${path}`]).status).toBe(0);
}

/** One end of one port; what masks and what is left out is the operator's. */
function watching(port: number): string {
	return `
access_log: {select: {ports: [${port}], role: server}}
policy: {filter: path ~ /n/**, redact: "path:/n/*", headers: [user-agent]}
capture: {tls: false, partitions: 2}
core: {backend: {addr: "127.0.0.1:1"}}
`;
}

describe("a configuration", () => {
	it("says what 'watch' watches, and options say it better", async () => {
		await using nginx = await startNginx();
		await using other = await startNginx();
		const config = file("watch.yaml", watching(nginx.port));
		const fields = ["--output", "json", "--fields", "role,path,request.headers.user-agent"];
		const args = ["watch", "--config", config, "--role", "client", ...fields];
		await using watch = await Wirescribe.start(args, { ready: "Ctrl-C ends" });
		curl(other.port, "/n/other");
		curl(nginx.port, "/filtered");
		curl(nginx.port, "/n/7");
		await watch.until(() => watch.lineCount >= 1, "the request");
		expect(await watch.stop(), watch.stderr).toBe(0);
		expect(
			watch.stdout
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line)),
		).toEqual([{ role: "client", path: "/n/x", "request.headers.user-agent": expect.stringContaining("curl/") }]);
	});

	it("says what 'top' shows: its filter is the view's, and can be taken away", async () => {
		await using nginx = await startNginx();
		const config = file("top.yaml", watching(nginx.port));
		await using terminal = new PseudoTerminal(["top", "-c", config], { columns: 100 });
		await terminal.shows("path ~ /n/**");
		curl(nginx.port, "/filtered");
		curl(nginx.port, "/n/7");
		expect(await terminal.shows(/ GET \/n\/x/)).not.toContain("/filtered");
		terminal.press("/\u0015\r");
		await terminal.shows(/ GET \/filtered/);
		terminal.signal(15);
		expect(await terminal.end()).toEqual({ exit: 0, restored: true });
	});

	it("says what 'export --live' exports", async () => {
		await using nginx = await startNginx();
		const args = ["export", "--live", "--format", "har", "--config", file("export.yaml", watching(nginx.port))];
		await using wirescribe = await Wirescribe.start(args, { ready: "Ctrl-C ends" });
		for (const path of ["/filtered", "/n/7"]) curl(nginx.port, path);
		// Nothing tells that it has come but the end.
		curl(nginx.port, "/n/8");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		const { log } = JSON.parse(wirescribe.stdout) as {
			log: { entries: { request: { url: string; headers: { name: string }[] } }[] };
		};
		for (const { request } of log.entries) {
			expect(request.url).toContain("/n/x");
			expect(request.headers.map(({ name }) => name.toLowerCase())).toEqual(["user-agent"]);
		}
		expect(log.entries).toHaveLength(2);
	});

	it("that is wrong is told as 'run' tells it", async () => {
		const expected = readFileSync(`${BAD}.errors`, "utf8").replaceAll(/^bad-values\.yaml/gm, `wirescribe: ${BAD}.yaml`);
		for (const command of [["run"], ["watch"], ["top"], ["export", "--live", "--format", "har"]]) {
			await using wirescribe = new Wirescribe([...command, "--config", `${BAD}.yaml`]);
			expect([await wirescribe.exit(), wirescribe.stdout, wirescribe.stderr]).toEqual([2, "", expected]);
		}
		const config = file("perf.yaml", "capture: {queue: perf, partitions: 2}");
		await using perf = new Wirescribe(["watch", "--config", config]);
		expect([await perf.exit(), perf.stderr]).toEqual([
			2,
			expect.stringContaining("capture.queue perf has one partition"),
		]);
	});

	it("is nothing for a recording, unless it is named", async () => {
		const config = file("recording.yaml", "policy: {filter: status == 503}\naccess_log: {ledger_file: /no/where}\n");
		const lines = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> => {
			const through = ["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
			await using wirescribe = new Wirescribe(["watch", RECORDING, ...args], undefined, undefined, through);
			expect([await wirescribe.exit(), wirescribe.stderr]).toEqual([0, ""]);
			return wirescribe.lineCount;
		};
		expect(await lines([], { WIRESCRIBE_CONFIG: config, WIRESCRIBE_ACCESS_LOG_SELECT_PORTS: "1" })).toBe(176);
		expect(await lines(["--config", config], {})).toBe(8);
		expect(await lines(["--config", config, "--filter", "status == 503 and role == server"], {})).toBe(4);
	});
});

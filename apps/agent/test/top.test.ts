import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { Wirescribe } from "./wirescribe.ts";

const RECORDING = fileURLToPath(new URL("./fixtures/nginx.wsr", import.meta.url));
const CRASH = fileURLToPath(new URL("./fixtures/crash-on-signal.mjs", import.meta.url));
const LEFT = "\u001b[D";
const DOWN = "\u001b[B";

/** The first screen is back, with its cursor, and what the keyboard does is what it did. */
function expectGivenBack(terminal: PseudoTerminal, end: { restored: boolean | null }): void {
	expect(terminal.alternate).toBe(false);
	expect(terminal.output.lastIndexOf("\u001b[?25h")).toBeGreaterThan(terminal.output.lastIndexOf("\u001b[?25l"));
	expect(end.restored).toBe(true);
}

describe("top on a recording, in a terminal", () => {
	it("plays, seeks, sorts, groups, shows one request, and gives the terminal back", async () => {
		await using terminal = new PseudoTerminal(["top", RECORDING]);
		await terminal.shows(/▶ 0:0[1-9]/);
		expect(terminal.alternate).toBe(true);
		expect(await terminal.shows("GET /users/{id}")).toMatch(/wirescribe top · nginx.wsr of node-1/);
		terminal.press(" ");
		await terminal.shows("■");
		terminal.press(LEFT.repeat(50));
		await terminal.shows(/■ 0:00\.0 ●/);
		terminal.press("+++++ ");
		await terminal.shows(/■ 0:06\.\d ━+● 0:06\.\d {2}50x/);
		terminal.press("2");
		await terminal.shows(/PROCESS +↓REQ/);
		terminal.press(`\t${DOWN}\r`);
		expect(await terminal.shows("answered")).toMatch(/request +GET \/users\/1005\n/);
		terminal.press("\u001b");
		await terminal.shows(/PROCESS +↓REQ/);
		terminal.press("?");
		await terminal.shows("Ctrl-C");
		terminal.press("xq");
		const end = await terminal.end();
		expect(end.exit).toBe(0);
		expectGivenBack(terminal, end);
	});

	it("filters what is typed, and says what is wrong with it", async () => {
		await using terminal = new PseudoTerminal(["top", RECORDING, "--filter", "status == 5xx"]);
		expect(await terminal.shows("GET /broken")).toMatch(/by endpoint, sorted by REQ\/s · status == 5xx/);
		expect(terminal.text).not.toContain("/users");
		terminal.press("/\u0015statsu\r");
		await terminal.shows("filter: statsu");
		await terminal.shows("no field 'statsu'");
		terminal.press("\u0015path ~ /login\r");
		await terminal.shows("GET /login");
		expect(terminal.text).not.toContain("GET /broken");
		terminal.press("/\u0015\rq");
		expect((await terminal.end()).exit).toBe(0);
	});

	it("follows the size of the terminal, and writes only lines that change", async () => {
		await using terminal = new PseudoTerminal(["top", RECORDING], { columns: 60, rows: 12 });
		await terminal.shows("REQ/s");
		terminal.resize(120, 40);
		expect(await terminal.shows("PEER")).toMatch(/1 MIN/);
		terminal.press(" ");
		await terminal.shows("■");
		const before = terminal.output.length;
		await new Promise((resolve) => setTimeout(resolve, 1_000));
		expect(terminal.output.length - before).toBe(0);
		terminal.press("\u0003");
		expect((await terminal.end()).exit).toBe(0);
	});

	it("has no colours where none are wanted", async () => {
		await using terminal = new PseudoTerminal(["top", RECORDING], { env: { NO_COLOR: "1" } });
		await terminal.shows("GET /users/{id}");
		terminal.press("q");
		await terminal.end();
		for (const color of ["31;1m", "32m", "33m", "36m"]) expect(terminal.output).not.toContain(`\u001b[${color}`);
	});

	it.each([
		["SIGTERM", 15],
		["SIGINT", 2],
		["SIGQUIT", 3],
		["SIGHUP", 1],
	])("gives the terminal back after %s", async (_name, signal) => {
		await using terminal = new PseudoTerminal(["top", RECORDING]);
		await terminal.shows("GET /users/{id}");
		terminal.signal(signal);
		const end = await terminal.end();
		expect(end.exit).toBe(0);
		expectGivenBack(terminal, end);
	});

	it("gives the terminal back after a crash, and then says what it was", async () => {
		await using terminal = new PseudoTerminal(["top", RECORDING], { env: { NODE_OPTIONS: `--import=${CRASH}` } });
		await terminal.shows("GET /users/{id}");
		terminal.signal(10);
		const end = await terminal.end();
		expect(end.exit).toBe(1);
		expectGivenBack(terminal, end);
		expect(terminal.text).toContain("a crash for the test");
	});

	it("ends when its terminal goes away", async () => {
		await using terminal = new PseudoTerminal(["top", RECORDING]);
		await terminal.shows("GET /users/{id}");
		terminal.hangUp();
		expect((await terminal.end()).exit).toBe(0);
	});

	it("lets the shell have the terminal for a while", async () => {
		await using terminal = new PseudoTerminal(["top", RECORDING]);
		await terminal.shows("GET /users/{id}");
		// Nobody would continue it here, so the kernel does not stop it: it comes back by itself.
		terminal.press("\u001a");
		await terminal.until(() => terminal.output.split("\u001b[?1049h").length === 3, "its screen a second time");
		await terminal.shows("GET /users/{id}");
		terminal.press("q");
		expectGivenBack(terminal, await terminal.end());
	});

	it.each(["node 22", "bun", "deno"])("runs in %s: keys, sizes, and the terminal back", async (runtime) => {
		await using terminal = new PseudoTerminal(["top", RECORDING], { runtime });
		await terminal.shows("GET /users/{id}");
		terminal.resize(120, 30);
		await terminal.shows("PEER");
		terminal.press("/login\u007f\u0015status == 302\r");
		await terminal.shows("· status == 302");
		terminal.press(`\t${DOWN}\r`);
		await terminal.shows(/request +GET \/login/);
		terminal.signal(15);
		const end = await terminal.end();
		expect(end.exit).toBe(0);
		expectGivenBack(terminal, end);
	});

	it("gives the terminal back after a crash in Bun, too", async () => {
		await using terminal = new PseudoTerminal(["top", RECORDING], {
			runtime: "bun",
			env: { BUN_OPTIONS: `--preload=${CRASH}` },
		});
		await terminal.shows("GET /users/{id}");
		terminal.signal(10);
		const end = await terminal.end();
		expect(end.exit).not.toBe(0);
		expectGivenBack(terminal, end);
	});

	it("points to watch where there is no terminal", async () => {
		await using wirescribe = new Wirescribe(["top", RECORDING]);
		expect(await wirescribe.exit()).toBe(2);
		expect(wirescribe.stderr).toMatch(/not a terminal; .* 'wirescribe watch'/);
	});
});

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { compileFilter } from "@wirescribe/filter";
import { describe, expect, it, vi } from "vitest";
import { parseRun } from "../src/cli/config-options.ts";
import { SETTINGS } from "../src/config/settings.ts";
import { Program } from "./servers.ts";
import { Wirescribe } from "./wirescribe.ts";

const read = (page: string): string => readFileSync(new URL(`../../../docs/${page}`, import.meta.url), "utf8");

/** The lines of all blocks of a shell's commands. */
function commandsOf(page: string): string[] {
	return [...read(page).matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, text = ""]) => text.trim().split("\n"));
}

/** What follows `wirescribe` on a page's line that begins like this. */
function argumentsOn(page: string, begin: string): string[] {
	const line = commandsOf(page).find((one) => one.startsWith(`wirescribe ${begin}`));
	return (line ?? expect.unreachable(`${page} has no 'wirescribe ${begin}'`)).split(" ").slice(1);
}

describe("getting-started.md", () => {
	it.each(["doctor", "plan"])("'%s' finds this machine fit", async (command) => {
		await using wirescribe = new Wirescribe(argumentsOn("getting-started.md", command));
		expect(await wirescribe.exit(), wirescribe.stderr).toBe(0);
	});

	it("shows what it says: the server, the agent and the request of the page", async () => {
		const commands = commandsOf("getting-started.md");
		const [python = "", ...server] = (commands.find((line) => line.startsWith("python3")) ?? "").split(" ");
		await using program = new Program(python, server);
		await using agent = await Wirescribe.start(argumentsOn("getting-started.md", "run --port"));
		const [curl = "", ...request] = (commands.find((line) => line.startsWith("curl")) ?? "").split(" ");
		await expect.poll(() => asked(curl, request)).toBe(true);
		await agent.until(() => agent.lineCount >= 2, "both ends");
		expect(await agent.stop(), agent.stderr).toBe(0);
		expect(program.child.exitCode).toBeNull();
		const shown = /^\S+Z (.*)$/.exec(agent.stdout.split("\n")[0] ?? "")?.[1];
		expect(shown).toMatch(
			/^127\.0\.0\.1:\d+ -> \S+\(\d+\) 127\.0\.0\.1:8080 {2}GET \/hello\?token=x 404 {2}\S+ {2}\d+B > \d+B$/,
		);
		const ledger = read("getting-started.md").match(/^(operations|requests|records) .*$/gm) ?? [];
		const shape = (line: string): string => line.replaceAll(/\d+/g, "N").replace(/ \{[^}]*\}/, "");
		expect(agent.stderr.trimEnd().split("\n").slice(-3).map(shape)).toEqual(ledger.map(shape));
	});
});

function asked(curl: string, request: readonly string[]): boolean {
	try {
		execFileSync(curl, request, { stdio: "pipe" });
		return true;
	} catch {
		return false;
	}
}

describe.each(["getting-started.md", "deploying.md", "metrics.md"])("%s", (page) => {
	it("has commands of 'run' that the agent takes", () => {
		const lines = [...read(page).matchAll(/wirescribe run((?: --[\w-]+(?:[ =][\w.:/-]+)?)+)/g)].map(
			([, rest = ""]) => rest,
		);
		for (const line of lines) parseRun("run", line.trim().split(" "));
		for (const [, option = ""] of read(page).matchAll(/`(--[a-z-]+)[ `]/g)) {
			if (option.startsWith("--no-")) continue;
			parseRun("run", [option, ...(SWITCHES.has(option) ? [] : ["x"])]);
		}
	});
});

const PAGES = readdirSync(new URL("../../../docs/", import.meta.url)).filter((name) => name.endsWith(".md"));

describe("every page", () => {
	const filters = PAGES.flatMap((page) => [...read(page).matchAll(/--filter '([^']+)'/g)].map(([, text = ""]) => text));

	it.each([...new Set(filters)])("has filters that can be used: %s", (filter) => {
		expect(compileFilter(filter)).toBeDefined();
	});

	it("counts the keys of the configuration as they are", () => {
		const counts = PAGES.flatMap((page) =>
			[...read(page).matchAll(/ of (\d+) keys are set/g)].map(([, n]) => Number(n)),
		);
		expect(new Set(counts)).toEqual(new Set([SETTINGS.length]));
	});

	it("has commands with options that there are", async () => {
		const lines = new Set(PAGES.flatMap(commandsOf).filter((line) => line.startsWith("wirescribe ")));
		expect(lines.size).toBeGreaterThan(40);
		const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
		try {
			for (const line of lines) expect(await helpFor(line), line).toBe(0);
		} finally {
			written.mockRestore();
		}
	});
});

/** The exit code of a page's command that is asked for help as well: its options have been understood before it answers. */
async function helpFor(line: string): Promise<number> {
	const words = [...(line.split(/ [#|] /)[0] as string).matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word);
	const [command, ...args] = words.slice(1).map((word) => word.replaceAll("'", ""));
	const { run } = (await import(`../src/commands/${command}.ts`)) as { run(args: readonly string[]): Promise<number> };
	return run([...args, "--help"]);
}

const SWITCHES = new Set(["--takeover", "--measure-probes"]);

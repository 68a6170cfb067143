/** The examples, as they stand, in every runtime. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { call } from "./contract/subject.ts";
import { type RuntimeName, runtimes } from "./runtimes.ts";

/** A started example: its output so far, and its end. */
function start(runtime: RuntimeName, name: string, argument: string): { child: ChildProcess; output: () => string } {
	const [command, ...args] = runtimes[runtime];
	const file = fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url));
	const { NODE_OPTIONS: _, ...inherited } = process.env;
	const env = { ...inherited, NO_COLOR: "1", DENO_CONDITIONS: "@wirescribe/source" };
	const child = spawn(command, [...args, file, argument], { env, stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text: string) => {
			output += text;
		});
	}
	return { child, output: () => output };
}

/** Goes on while `step` is repeated, until the example has said something, or has ended. */
async function during(child: ChildProcess, until: () => boolean, step: () => void): Promise<void> {
	while (!until() && child.exitCode === null && child.signalCode === null) {
		step();
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

describe.each<RuntimeName>(["Node 26", "Node 22", "Bun", "Deno"])("in %s", (runtime) => {
	it("the tracer of execve prints who starts what", async () => {
		const { child, output } = start(runtime, "execs", "20");
		const ended = once(child, "exit");
		await during(
			child,
			() => false,
			() => execFileSync("/bin/true"),
		);
		expect([await ended, output()]).toEqual([[0, null], expect.stringMatching(/^\d+\t.+\t\/bin\/true$/m)]);
		expect(output()).toMatch(/^pid\tby\tprogram$/m);
	});

	it.each(["counter", "uprobe"])("the %s counts this process's calls", async (name) => {
		const { child, output } = start(runtime, name, "500");
		const ended = once(child, "exit");
		const counting = (): boolean => output().includes("counting\n");
		await during(child, counting, () => {});
		for (let i = 0; i < 5; i++) call(1);
		expect([await ended, output()]).toEqual([
			[0, null],
			expect.stringMatching(new RegExp(`^pid ${process.pid}: 5$`, "m")),
		]);
	});
});

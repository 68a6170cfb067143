import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { program } from "./runtimes.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-docs-"));
const recording = join(folder, "traffic.wsr");

beforeAll(() => {
	copyFileSync(fileURLToPath(new URL("./fixtures/nginx.wsr", import.meta.url)), recording);
	const command = join(folder, "wirescribe");
	writeFileSync(command, `#!/bin/sh\nexec ${program("node 26").join(" ")} "$@"\n`);
	chmodSync(command, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The commands of a page's examples that read a recording: those that watch the machine are in other tests. */
function examples(page: string): string[] {
	const text = readFileSync(fileURLToPath(new URL(`../../../docs/${page}`, import.meta.url)), "utf8");
	const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block as string);
	const lines = blocks.join("").split("\n");
	return lines.filter((line) => line.includes(" traffic.wsr") && !line.startsWith("wirescribe record"));
}

describe("the examples of docs/top.md and docs/exports.md", () => {
	const [inTerminal, inPipe] = [true, false].map((top) =>
		["top.md", "exports.md"].flatMap(examples).filter((line) => line.startsWith("wirescribe top") === top),
	) as [string[], string[]];

	it("are there", () => {
		expect(inTerminal.length).toBeGreaterThanOrEqual(2);
		expect(inPipe.length).toBeGreaterThanOrEqual(8);
	});

	it.each(inPipe)("%s", async (line) => {
		const path = `${folder}${delimiter}${process.env["PATH"]}`;
		const child = spawn("bash", ["-o", "pipefail", "-c", line], {
			cwd: folder,
			env: { ...process.env, NODE_OPTIONS: "", PATH: path },
		});
		let output = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.on("data", (data) => {
				output += data;
			});
		}
		const [code] = await once(child, "close");
		expect(code, output).toBe(0);
		expect(output).not.toBe("");
	});

	it.each(inTerminal)("%s", async (line) => {
		const [, command, , ...rest] = (line.split("#")[0] as string).trim().split(/\s+/);
		await using terminal = new PseudoTerminal([command as string, recording, ...rest]);
		await terminal.shows("REQ/s");
		terminal.press("q");
		expect((await terminal.end()).exit).toBe(0);
	});
});

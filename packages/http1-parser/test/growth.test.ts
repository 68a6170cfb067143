import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { mustRun } from "../../../tools/command.ts";
import { bin } from "../../../tools/workspace.ts";

const STEPS = join(dirname(fileURLToPath(import.meta.url)), "../bench/steps.ts");

test("no awkward input costs more steps than its size: twice the input, at most 2.3 times", async () => {
	// V8 counts the steps, whatever runs this test.
	const { stdout } = await mustRun(bin("node"), ["--conditions=@wirescribe/source", STEPS], {});
	const rows = stdout
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as { name: string; half: number; full: number });
	expect(rows).toHaveLength(11);
	for (const { name, half, full } of rows) {
		expect(half, name).toBeGreaterThan(1000);
		expect(full / half, name).toBeLessThan(2.3);
	}
});

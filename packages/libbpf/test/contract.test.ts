import { describe, expect, it } from "vitest";
import { cases } from "./contract/cases.ts";
import { type RuntimeName, runIn } from "./runtimes.ts";

describe("in this process", () => {
	for (const [name, run] of Object.entries(cases)) it(name, run);
});

describe.each<RuntimeName>(["Node 22", "Bun", "Deno"])("in %s", (runtime) => {
	it("keeps the contract", async () => {
		const { stdout } = await runIn(runtime, "./contract/run.ts");
		const results = JSON.parse(stdout) as Record<string, string | null>;
		expect(Object.keys(results)).toEqual(Object.keys(cases));
		expect(Object.entries(results).filter(([, error]) => error !== null)).toEqual([]);
	});
});

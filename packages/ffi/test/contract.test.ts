import { describe, expect, it } from "vitest";
import { cases } from "./contract.ts";
import { type RuntimeName, runIn } from "./runtimes.ts";

const expected: readonly (readonly [RuntimeName, backend: string, variables: Record<string, string>])[] = [
	["Node 26", "node:ffi", {}],
	["Node 26", "koffi", { WIRESCRIBE_FFI: "koffi" }],
	["Node 22", "koffi", {}],
	["Bun", "bun:ffi", {}],
	["Deno", "deno", {}],
];

describe("in this process", () => {
	for (const [name, run] of Object.entries(cases)) it(name, run);
});

describe.each(expected)("%s with %s", (runtime, backend, variables) => {
	it("keeps the contract and warns of nothing", async () => {
		const { stdout, stderr } = await runIn(runtime, "./run-contract.ts", variables);
		const report = JSON.parse(stdout) as { backend: string; results: Record<string, string | null> };
		expect(report.backend).toBe(backend);
		expect(Object.keys(report.results)).toEqual(Object.keys(cases));
		expect(Object.entries(report.results).filter(([, error]) => error !== null)).toEqual([]);
		expect(stderr).toBe("");
	});
});

describe("a backend that is not there", () => {
	it("is an error that says what to do", async () => {
		const outcome = runIn("Node 22", "./run-contract.ts", { WIRESCRIBE_FFI: "node:ffi" });
		await expect(outcome).rejects.toThrow(
			/Cannot call native code in node v22.*use Node >= 26\.1, Bun or Deno, or install koffi/,
		);
	});
});

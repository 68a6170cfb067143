import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EVENT_LOST, LOSS_ADVICE, OPERATION_LOST, RECORD_LOST, REQUEST_LOST } from "@wirescribe/access-log";
import { describe, expect, it } from "vitest";
import { CAPABILITIES } from "../apps/agent/src/plan/capabilities.ts";
import { withCapabilities } from "./docs/capabilities-table.ts";
import { PAGES, pageText } from "./docs/pages.ts";
import { root } from "./workspace.ts";

describe("pages that are made", () => {
	it.each(Object.keys(PAGES))("%s is what its sources say: else run npm run docs", (name) => {
		expect(readFileSync(join(root, "docs", name), "utf8")).toBe(pageText(name));
	});

	it("and the table of capabilities in deploying.md, and in nobody else's words elsewhere", () => {
		const read = (name: string): string => readFileSync(join(root, name), "utf8");
		expect(read("docs/deploying.md")).toBe(withCapabilities(read("docs/deploying.md")));
		for (const { name } of CAPABILITIES) {
			for (const page of ["docs/security.md", "apps/agent/README.md"]) expect(read(page)).toContain(`\`${name}\``);
		}
	});

	it("advise for every loss, and for nothing else", () => {
		const reasons = Object.keys({ ...OPERATION_LOST, ...EVENT_LOST, ...REQUEST_LOST, ...RECORD_LOST });
		expect(Object.keys(LOSS_ADVICE).sort()).toEqual(reasons.sort());
	});

	it("tell missed goals as well as those that were met", () => {
		const results = readFileSync(join(root, "bench/RESULTS.md"), "utf8");
		const count = (text: string): number => [...text.matchAll(/\(goal: .*\*\*not met\*\*/g)].length;
		expect(count(pageText("performance.md"))).toBe(count(results));
	});
});

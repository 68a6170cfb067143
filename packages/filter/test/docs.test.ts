import { readFileSync } from "node:fs";
import { compileFilter, FIELDS, FilterError } from "@wirescribe/filter";
import { describe, expect, test } from "vitest";

const page = readFileSync(new URL("../../../docs/filters.md", import.meta.url), "utf8");
const record: unknown = JSON.parse(/^```json\n(.*)\n```$/m.exec(page)?.[1] ?? "");
const examples = [...page.matchAll(/^\| `(.+)` \| (yes|no) \|/gm)].map(
	([, filter = "", matches = ""]) => [filter, matches] as const,
);

describe("docs/filters.md", () => {
	test("has its examples", () => expect(examples.length).toBeGreaterThan(20));

	test.each(examples)("%s", (filter, matches) => {
		expect(compileFilter(filter).matches(record)).toBe(matches === "yes");
	});

	test("shows the error as it is", () => {
		const shown = /^```text\n([\s\S]*?)\n```$/m.exec(page)?.[1] as string;
		const filter = (shown.split("\n")[1] as string).trim();
		expect(() => compileFilter(filter)).toThrow(expect.objectContaining({ message: shown }));
		expect(() => compileFilter(filter)).toThrow(FilterError);
	});

	test("names every field", () => {
		const rows = [...page.matchAll(/^\| `(\S+)` \| (\w+) \| (.*) \|$/gm)].map(([row]) => row);
		const fields = [...FIELDS.values()].map(({ name, type, about }) => `| \`${name}\` | ${type} | ${about} |`);
		expect(rows.filter((row) => fields.includes(row))).toEqual(fields);
	});
});

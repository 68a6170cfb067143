import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LEFT_OUT } from "@wirescribe/access-log";
import { createDataPolicy } from "@wirescribe/data-policy";
import { describe, expect, test } from "vitest";
import { parseWatch } from "../src/cli/watch-options.ts";
import { Wirescribe } from "./wirescribe.ts";

const read = (page: string): string => readFileSync(new URL(`../../../docs/${page}`, import.meta.url), "utf8");

/** The arguments of a command line as a shell takes it apart: words, and single quotes. */
function wordsOf(line: string): string[] {
	return [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ""));
}

const commands = ["data-policy.md", "security.md"].flatMap((page) =>
	[...read(page).matchAll(/^wirescribe (run|replay) (.*)$/gm)].map(([line, command = "", rest = ""]) => ({
		line,
		command,
		rest,
	})),
);

describe("commands on the pages are understood", () => {
	test("there are some", () => expect(commands.length).toBeGreaterThan(15));

	test.each(commands)("$line", ({ command, rest }) => {
		const parsed = parseWatch(command, wordsOf(rest), 1);
		expect(createDataPolicy(parsed?.options.policy ?? {})).toBeDefined();
	});
});

test("the configuration on the page is one", async () => {
	const yaml = /^```yaml\n([\s\S]*?)^```$/m.exec(read("data-policy.md"))?.[1] ?? "";
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-policy-docs-"));
	try {
		writeFileSync(join(folder, "agent.yaml"), yaml);
		await using wirescribe = new Wirescribe(["validate", "--config", join(folder, "agent.yaml")]);
		expect(await wirescribe.exit(), wirescribe.stderr).toBe(0);
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test("each rule of the table is one", () => {
	const rules = [...read("data-policy.md").matchAll(/^\| `(\w+:[^`]+)` \|/gm)].map(([, rule = ""]) => rule);
	expect(rules).toHaveLength(10);
	for (const rule of rules) createDataPolicy({ redact: [rule] });
});

test("each reason to leave a request out is explained", () => {
	for (const reason of Object.keys(LEFT_OUT)) expect(read("data-policy.md")).toContain(`| \`${reason}\` |`);
});

import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../workspace.ts";
import { brokenLinks } from "./links.ts";

const PAGES = globSync("{*.md,{docs,bench,tools,packages/*,apps/*,deploy/**}/*.md}", {
	cwd: root,
	exclude: ["**/node_modules/**", "**/CHANGELOG.md"],
}).sort();

test.each(PAGES)("%s has no link that leads nowhere", (page) => {
	expect(brokenLinks(page)).toEqual([]);
});

test("the index of docs/ names every page", () => {
	const index = readFileSync(join(root, "docs/README.md"), "utf8");
	const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md") && name !== "README.md");
	expect(pages.filter((name) => !index.includes(`](${name})`))).toEqual([]);
});

/** `npm run docs`: writes the pages of docs/ that are made from code and results. A test says when they are stale. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withCapabilities } from "./docs/capabilities-table.ts";
import { PAGES, pageText } from "./docs/pages.ts";
import { root } from "./workspace.ts";

const deploying = join(root, "docs/deploying.md");
writeFileSync(deploying, withCapabilities(readFileSync(deploying, "utf8")));
for (const name of Object.keys(PAGES)) writeFileSync(join(root, "docs", name), pageText(name));
console.log(`docs: ${Object.keys(PAGES).join(", ")}`);

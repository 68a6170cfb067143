/** `npm run docs`: writes the pages of docs/ that are made from code and results. A test says when they are stale. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PAGES, pageText } from "./docs/pages.ts";
import { root } from "./workspace.ts";

for (const name of Object.keys(PAGES)) writeFileSync(join(root, "docs", name), pageText(name));
console.log(`docs: ${Object.keys(PAGES).join(", ")}`);

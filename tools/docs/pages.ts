import { lossesPage } from "./losses-page.ts";
import { metricsPage } from "./metrics-page.ts";
import { performancePage } from "./performance-page.ts";

/** Pages of docs/ that are made from code and results, by file name. The rest is written by hand. */
export const PAGES: Readonly<Record<string, () => string>> = {
	"losses.md": lossesPage,
	"metrics.md": metricsPage,
	"performance.md": performancePage,
};

const NOTE = "<!-- Made by `npm run docs`: change what it is made from, not this file. -->\n\n";

/** A page as it is written to docs/. */
export function pageText(name: string): string {
	const page = PAGES[name];
	if (page === undefined) throw new Error(`Cannot make ${name}: there are ${Object.keys(PAGES).join(", ")}`);
	return NOTE + page();
}

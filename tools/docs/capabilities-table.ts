import { CAPABILITIES } from "../../apps/agent/src/plan/capabilities.ts";

const MARKS = ["<!-- capabilities -->\n", "<!-- /capabilities -->"] as const;

/** A page with the table of capabilities between its marks. */
export function withCapabilities(page: string): string {
	const [from, to] = MARKS.map((mark) => page.indexOf(mark)) as [number, number];
	if (from < 0 || to < from)
		throw new Error(`Cannot write the capabilities: the page has no mark '${MARKS[0].trim()}'`);
	const head = "| capability | | what for | without it |\n| --- | --- | --- | --- |\n";
	const rows = CAPABILITIES.map(
		({ gives, name, need, without }) => `| \`${name}\` | ${need} | ${gives} | ${without} |\n`,
	);
	return page.slice(0, from + MARKS[0].length) + head + rows.join("") + page.slice(to);
}

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "../workspace.ts";

/** Links of a page to files and headings of this repository that are not there, as sentences. `page` counts from the root. */
export function brokenLinks(page: string): string[] {
	const text = withoutCode(readFileSync(join(root, page), "utf8"));
	const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
	return targets.filter((target) => !/^[a-z]+:/.test(target)).flatMap((target) => broken(page, target) ?? []);
}

function broken(page: string, target: string): string | undefined {
	const [path = "", anchor] = target.split("#");
	const file = path === "" ? join(root, page) : join(root, dirname(page), path);
	if (relative(root, file).startsWith("..")) return `${page}: ${target} leads out of the repository`;
	if (!existsSync(file)) return `${page}: ${target} is not there`;
	if (anchor === undefined) return undefined;
	if (statSync(file).isFile() && headingsOf(file).includes(anchor)) return undefined;
	return `${page}: ${target}: there is no such heading`;
}

/** A page's headings, as GitHub names their places. */
function headingsOf(file: string): string[] {
	const titles = [...withoutCode(readFileSync(file, "utf8")).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => title);
	return titles.map((title) =>
		title
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
			.replaceAll(" ", "-"),
	);
}

/** Blocks of code hold no links and no headings. */
function withoutCode(text: string): string {
	return text.replaceAll(/^```.*?^```/gms, "");
}

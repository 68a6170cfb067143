/** bench/RESULTS.md: one section a benchmark, replaced by each whole run. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../tools/command.ts";
import { root } from "../tools/workspace.ts";

const FILE = join(import.meta.dirname, "RESULTS.md");
const TITLE =
	"# Results\n\nMeasured by the commands named; on another machine other figures come out. Compare within a run.\n";

/** The machine, the versions and the date, in two lines. */
export async function machine(): Promise<string> {
	const commit = (await runCommand("git", ["rev-parse", "--short", "HEAD"], { cwd: root })).stdout.trim();
	const debian = ["nginx-light", "httpry", "tshark"];
	// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format.
	const format = "${Package} ${Version}, ";
	const peers = (await runCommand("dpkg-query", ["-W", "-f", format, ...debian])).stdout.replace(/, $/, "");
	const cores = cpus();
	const memory = Math.round(totalmem() / 2 ** 30);
	return (
		`${new Date().toISOString().slice(0, 10)}, commit ${commit || "unknown"}, Node ${process.versions.node}, ${peers}.\n` +
		`${cores.length} x ${cores[0]?.model.trim()}, ${memory} GiB, Linux ${release()}, ${arch()}.`
	);
}

/** Puts a section into the file, where it was or at the end. */
export function writeSection(name: string, heading: string, text: string): void {
	const before = existsSync(FILE) ? readFileSync(FILE, "utf8") : TITLE;
	const begin = `<!-- begin ${name} -->`;
	const end = `<!-- end ${name} -->`;
	const section = `${begin}\n## ${heading}\n\n${text.trim()}\n${end}`;
	const place = before.indexOf(begin);
	const after =
		place < 0
			? `${before}\n${section}\n`
			: before.slice(0, place) + section + before.slice(before.indexOf(end) + end.length);
	writeFileSync(FILE, after);
}

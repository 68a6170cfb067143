import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { mustRun } from "../../../tools/command.ts";
import { markdown } from "./table.ts";

const here = dirname(fileURLToPath(import.meta.url));
const bun = join(here, "../../../node_modules/.bin/bun");
/** What a program imports; everything, and each of the two main classes. */
const IMPORTS: readonly (readonly [name: string, clause: string])[] = [
	["everything", "*"],
	["Http1Connection", "{ Http1Connection }"],
	["MessageReader", "{ MessageReader }"],
];

/** How large the parser and the buffer under it are in a bundle for browsers, as Markdown. */
export async function measureSize(): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-size-"));
	try {
		const rows: string[][] = [];
		for (const [name, clause] of IMPORTS) {
			const file = join(folder, "entry.ts");
			writeFileSync(file, `export ${clause} from ${JSON.stringify(join(here, "../src/index.ts"))};\n`);
			const args = ["build", "--minify", "--target=browser", "--conditions=@wirescribe/source", file];
			const { stdout } = await mustRun(bun, args, {});
			rows.push([name, `${stdout.length}`, `${gzipSync(stdout, { level: 9 }).length}`]);
		}
		return markdown(["parser and buffer in a bundle: what is imported", "minified, bytes", "gzipped, bytes"], rows);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { mustRun } from "../../../tools/command.ts";
import { markdown } from "./table.ts";

const here = dirname(fileURLToPath(import.meta.url));
const bun = join(here, "../../../node_modules/.bin/bun");
/** What a program imports; everything, and the main classes alone. */
const IMPORTS: readonly (readonly [name: string, clause: string])[] = [
	["everything", "*"],
	["Http1Connection", "{ Http1Connection }"],
	["MessageReader", "{ MessageReader }"],
	["MessageParser", "{ MessageParser }"],
];

/** What an import costs in a bundle for browsers, the buffer under the parser included. */
export interface BundleSize {
	readonly name: string;
	readonly minified: number;
	readonly gzipped: number;
}

/** Bundles each of the imports. */
export async function bundleSizes(): Promise<BundleSize[]> {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-size-"));
	try {
		const sizes: BundleSize[] = [];
		for (const [name, clause] of IMPORTS) {
			const file = join(folder, "entry.ts");
			writeFileSync(file, `export ${clause} from ${JSON.stringify(join(here, "../src/index.ts"))};\n`);
			const args = ["build", "--minify", "--target=browser", "--conditions=@wirescribe/source", file];
			const { stdout } = await mustRun(bun, args, {});
			sizes.push({ name, minified: stdout.length, gzipped: gzipSync(stdout, { level: 9 }).length });
		}
		return sizes;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** The same as Markdown. */
export async function measureSize(): Promise<string> {
	const rows = (await bundleSizes()).map(({ name, minified, gzipped }) => [name, `${minified}`, `${gzipped}`]);
	return markdown(["parser and buffer in a bundle: what is imported", "minified, bytes", "gzipped, bytes"], rows);
}

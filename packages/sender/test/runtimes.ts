import { fileURLToPath } from "node:url";

export const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const bin = (name: string): string => local(`../../../node_modules/.bin/${name}`);
const source: readonly string[] = ["--conditions=@wirescribe/source"];

export interface Runtime {
	readonly bin: string;
	/** By which it finds the packages' sources. */
	readonly flags: readonly string[];
}

/** Runtimes as this repository installs them. */
export const runtimes: Readonly<Record<string, Runtime>> = {
	"node 26": { bin: bin("node"), flags: source },
	"node 22": { bin: local("../../../tools/node22/node_modules/.bin/node"), flags: source },
	bun: { bin: bin("bun"), flags: source },
	deno: { bin: bin("deno"), flags: ["run", "-A", ...source] },
};

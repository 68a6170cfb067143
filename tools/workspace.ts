import { existsSync, globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The repository's folder. */
export const root: string = join(import.meta.dirname, "..");

/** What the tools read of a `package.json`. */
export interface Manifest {
	readonly name: string;
	readonly version: string;
	readonly license?: string;
	readonly private?: boolean;
	readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
	readonly scripts?: Readonly<Record<string, string>>;
	readonly dependencies?: Readonly<Record<string, string>>;
	readonly devDependencies?: Readonly<Record<string, string>>;
	readonly peerDependencies?: Readonly<Record<string, string>>;
	readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** One package of the repository: `path` is absolute, `folder` counts from the root. */
export interface WorkspacePackage {
	readonly name: string;
	readonly path: string;
	readonly folder: string;
	readonly manifest: Manifest;
}

/** Every package under packages/ and apps/, by folder: whoever adds one has it tested and checked without a list. */
export function workspacePackages(): readonly WorkspacePackage[] {
	return globSync("{packages,apps}/*/package.json", { cwd: root })
		.sort()
		.map((file) => {
			const path = join(root, file, "..");
			const manifest = readJson<Manifest>(join(root, file));
			return { name: manifest.name, path, folder: relative(root, path), manifest };
		});
}

/** A package and what it needs of the others, at whatever distance. */
export function closure(one: WorkspacePackage, all: readonly WorkspacePackage[]): readonly WorkspacePackage[] {
	const found = new Set([one]);
	for (const member of found) {
		for (const name of Object.keys(member.manifest.dependencies ?? {})) {
			const needed = all.find((other) => other.name === name);
			if (needed) found.add(needed);
		}
	}
	return [...found];
}

/** TypeScript files of a folder, without what is built or installed. */
export function sourceFiles(folder: string): readonly string[] {
	return globSync("**/*.ts", { cwd: folder, exclude: ["**/node_modules", "**/dist"] })
		.filter((file) => !file.endsWith(".d.ts"))
		.sort();
}

/** A package's scripts that rebuild what is committed and compare: `check:native`, `generate:check`. */
export function artefactScripts(manifest: Manifest): readonly string[] {
	return Object.keys(manifest.scripts ?? {}).filter((name) => /^check:|:check$/.test(name));
}

export function isTestFile(file: string): boolean {
	return file.endsWith(".test.ts");
}

export function readJson<T>(file: string): T {
	return JSON.parse(readFileSync(file, "utf8")) as T;
}

/** A program that `npm ci` put into the root's bin folder: `deno`, `bun`, `tsc`. */
export function bin(name: string): string {
	const file = join(root, "node_modules", ".bin", name);
	if (!existsSync(file)) throw new Error(`Cannot find ${name} in node_modules/.bin: run npm ci first`);
	return file;
}

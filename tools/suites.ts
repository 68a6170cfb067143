import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { importsOf } from "./checks/imports.ts";
import { isTestFile, sourceFiles, type WorkspacePackage } from "./workspace.ts";

export type Runtime = "Node" | "Deno" | "Bun";

/** One vitest run: a folder's tests in one runtime. */
export interface Suite {
	readonly name: string;
	readonly path: string;
	readonly runtime: Runtime;
	/** Kernel tests observe the whole machine: those of a package run one after another, those of two packages beside it. */
	readonly kernel: boolean;
	/** Which part of the package's files, as vitest's `--shard` has it: the longest suite must not hold up the others. */
	readonly shard?: string;
	/** What a package has under test/alone measures how much goes through: nothing else may run then. */
	readonly alone: boolean;
	/** Test files left out in this runtime. */
	readonly exclude: readonly string[];
}

interface Exception {
	readonly name: string;
	readonly runtimes: readonly Runtime[];
	/** A file, or every test of the package. */
	readonly file?: string;
	/** What of the file, which leaves it out itself. */
	readonly part?: string;
	readonly reason: string;
}

/** What does not run inside Deno or Bun, and why. Printed at the end of a run, so that nobody takes it for tested. */
export const EXCEPTIONS: readonly Exception[] = [
	{
		name: "@wirescribe/buffer",
		runtimes: ["Bun"],
		file: "src/tombstone-size.test.ts",
		reason: "it asks V8 for the size of an object",
	},
	{
		name: "@wirescribe/event-queue",
		runtimes: ["Deno", "Bun"],
		file: "test/runtimes.test.ts",
		reason: "it starts the runtimes itself",
	},
	{
		name: "@wirescribe/event-queue",
		runtimes: ["Deno", "Bun"],
		file: "test/contract.test.ts",
		reason: "vitest's import.meta.resolve finds no worker there; test/runtimes.test.ts runs the same cases",
	},
	{
		name: "@wirescribe/exchange-export",
		runtimes: ["Deno", "Bun"],
		file: "test/tools.test.ts",
		reason: "it starts the tools that exports are for: sh, curl, vitest",
	},
	{
		name: "@wirescribe/sender",
		runtimes: ["Deno", "Bun"],
		file: "test/real-collector.test.ts",
		reason: "it starts the runtimes itself",
	},
	{
		name: "@wirescribe/sender",
		runtimes: ["Deno", "Bun"],
		file: "test/faults.test.ts",
		reason: "its senders are processes of Node",
	},
	{
		name: "@wirescribe/sender",
		runtimes: ["Deno"],
		file: "test/conformance.test.ts",
		part: "grpc-js",
		reason: "Deno 2.9.5 crashes when a connection of grpc-js dies; the package says so",
	},
	{
		name: "@wirescribe/collector",
		runtimes: ["Deno"],
		reason: "grpc-js's server is not reliable on Deno; the package says Node and Bun",
	},
];

/** How much there is of a package's tests: the best guess, before they run, at how long they take. */
function weight({ path }: Suite): number {
	const tests = sourceFiles(path).filter((file) => isTestFile(file) || file.startsWith("test/"));
	return tests.reduce((bytes, file) => bytes + statSync(join(path, file)).size, 0);
}

const ALONE = "test/alone";
/** Of a package that has some. */
const SHARDS = ["1/5", "2/5", "3/5", "4/5", "5/5"];

/** Every run that makes up the tests: the longest first, so that no lane is left with one. */
export function suitesOf(tools: string, packages: readonly WorkspacePackage[]): readonly Suite[] {
	const suites: Suite[] = [{ name: "tools", path: tools, runtime: "Node", kernel: false, alone: false, exclude: [] }];
	for (const one of packages) {
		const kernel = reachesKernel(one, packages);
		const inNode = { name: one.name, path: one.path, runtime: "Node", kernel, alone: false, exclude: [] } as const;
		if (existsSync(join(one.path, ALONE))) {
			const exclude = [`${ALONE}/**`];
			for (const shard of SHARDS) suites.push({ ...inNode, name: `${one.name} ${shard}`, shard, exclude });
			suites.push({ ...inNode, name: `${one.name} alone`, alone: true });
		} else suites.push(inNode);
		if (kernel) continue;
		for (const runtime of ["Deno", "Bun"] as const) {
			const exceptions = EXCEPTIONS.filter(({ name, runtimes }) => name === one.name && runtimes.includes(runtime));
			if (exceptions.some(({ file }) => file === undefined)) continue;
			const exclude = exceptions.flatMap(({ file, part }) => (file === undefined || part !== undefined ? [] : file));
			suites.push({ name: one.name, path: one.path, runtime, kernel: false, alone: false, exclude });
		}
	}
	return suites.sort((a, b) => weight(b) - weight(a));
}

/**
 * Whether a package's code comes to the kernel, that is to the FFI, at whatever distance. Asked of the imports and not of
 * `dependencies`: `@wirescribe/bpf-programs/events` is pure, while its package is not.
 */
export function reachesKernel(one: WorkspacePackage, packages: readonly WorkspacePackage[]): boolean {
	const seen = new Set<string>();
	const queue = sourceFiles(join(one.path, "src"))
		.filter((file) => !isTestFile(file))
		.map((file) => join(one.path, "src", file));
	for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
		// What cannot be found is for the tests to complain about.
		if (seen.has(file) || !existsSync(file)) continue;
		seen.add(file);
		for (const specifier of importsOf(readFileSync(file, "utf8"))) {
			if (specifier === "@wirescribe/ffi") return true;
			const target = resolveSource(file, specifier, packages);
			if (target) queue.push(target);
		}
	}
	return one.name === "@wirescribe/ffi";
}

/** The source file that an import of ours means; undefined for anything else. */
function resolveSource(file: string, specifier: string, packages: readonly WorkspacePackage[]): string | undefined {
	if (specifier.startsWith(".")) return specifier.endsWith(".ts") ? resolve(file, "..", specifier) : undefined;
	const owner = packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
	const source = owner?.manifest.exports?.[`.${specifier.slice(owner.name.length)}`]?.["@wirescribe/source"];
	return owner && source ? join(owner.path, source) : undefined;
}

/**
 * What the verifier of this machine's kernel says of each program: accepted, and after how many instructions.
 *
 *     node --conditions=@wirescribe/source tools/verified.ts            compare with the committed figures
 *     node --conditions=@wirescribe/source tools/verified.ts --write    replace them (as root)
 *
 * `verified` is what the verifier went through, on all ways: the kernel's limit is a million. `instructions` is what is in memory after
 * the kernel's rewriting. Both depend on the kernel, so they are compared on the release they were taken on only; elsewhere it counts that
 * every program was accepted.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { pathToFileURL } from "node:url";
import { BpfObject, possibleCpus } from "@wirescribe/libbpf";
import { objectFile } from "../src/kernels.ts";

const file: URL = new URL("../test/verified.json", import.meta.url);

/** What the verifier said of one program. */
export interface Verified {
	readonly verified: number;
	readonly instructions: number;
}

/** The committed file. */
export interface VerifiedFile {
	/** `uname -r` and the architecture, as Node names it. */
	readonly kernel: string;
	readonly arch: string;
	readonly programs: Readonly<Record<string, Verified>>;
}

/** The two objects, and the two kinds of queue: a branch the verifier drops, so it matters. */
export const VARIANTS = ["ring", "perf", "ring-direct", "perf-direct"] as const;
export type Variant = (typeof VARIANTS)[number];

/** Loads a prebuilt object and asks. Nothing is attached. */
export function verify(variant: Variant): VerifiedFile {
	const [queue, direct] = variant.split("-");
	const file = objectFile(process.arch, direct ? "direct" : "probed");
	using object = BpfObject.open(readFileSync(file), { name: "wirescribe" });
	object.setGlobal("setting_queue", queue === "perf" ? 1 : 0);
	object.map("scratches").maxEntries = possibleCpus();
	object.load();
	const programs: Record<string, Verified> = {};
	for (const [name, program] of object.programs) {
		const { verifiedInstructions: verified, instructions } = program.info();
		programs[name] = { verified, instructions };
	}
	return { kernel: release(), arch: process.arch, programs };
}

export function committed(): Readonly<Record<Variant, VerifiedFile>> {
	return JSON.parse(readFileSync(file, "utf8")) as Record<Variant, VerifiedFile>;
}

/** Lines of what differs; programs that are missing or new always count, figures only on the same kernel. */
export function differences(before: VerifiedFile, now: VerifiedFile): string[] {
	const same = before.kernel === now.kernel && before.arch === now.arch;
	const names = new Set([...Object.keys(before.programs), ...Object.keys(now.programs)]);
	return [...names].flatMap((name) => {
		const [was, is] = [before.programs[name], now.programs[name]];
		if (!was) return `${name}: new`;
		if (!is) return `${name}: gone`;
		if (!same || (was.verified === is.verified && was.instructions === is.instructions)) return [];
		return `${name}: verified ${was.verified} -> ${is.verified}, instructions ${was.instructions} -> ${is.instructions}`;
	});
}

function main(write: boolean): number {
	const now = Object.fromEntries(VARIANTS.map((variant) => [variant, verify(variant)])) as Record<
		Variant,
		VerifiedFile
	>;
	if (write) writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
	const before = committed();
	const lines = VARIANTS.flatMap((variant) =>
		differences(before[variant], now[variant]).map((line) => `${variant}: ${line}`),
	);
	const largest = Math.max(...Object.values(now.ring.programs).map(({ verified }) => verified));
	console.log(
		`${Object.keys(now.ring.programs).length} programs accepted by ${now.ring.kernel}; the largest: ${largest}`,
	);
	for (const line of lines) console.log(`  ${line}`);
	return lines.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
	process.exitCode = main(process.argv.includes("--write"));

/**
 * Builds the prebuilt BPF objects and the views of their events.
 *
 *     node tools/build.ts            compile, write prebuilt/<arch>/*.bpf.o and src/events.generated.ts
 *     node tools/build.ts --check    compile, compare with the committed bytes, write nothing
 *
 * Needs Debian 12's clang-14, llvm-14, libbpf-dev and bpftool. Two objects for each machine: one that any kernel takes, one
 * that reads kernel memory directly (Linux 6.2). The same compiler gives the same bytes anywhere: paths are mapped away, DWARF is stripped.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { viewsOf } from "./views.ts";

const root: string = join(import.meta.dirname, "..");
const compilerVersion = "14.0.6";
const targets = [
	{ arch: "x64", define: "__TARGET_ARCH_x86" },
	{ arch: "arm64", define: "__TARGET_ARCH_arm64" },
] as const;

function run(command: string, ...args: string[]): string {
	try {
		return execFileSync(command, args, { encoding: "utf8", cwd: root, maxBuffer: 1 << 26 });
	} catch (cause) {
		const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
		const todo = "install clang-14, llvm-14, libbpf-dev and bpftool (Debian 12)";
		throw new Error(`Cannot run ${command}: ${missing ? `it is not installed: ${todo}` : "it failed"}`, { cause });
	}
}

const variants = [
	{ name: "capture", defines: [] },
	{ name: "capture-direct", defines: ["-DDIRECT_READS"] },
] as const;

/** The compiled object, without DWARF. */
function compile(object: string, defines: readonly string[]): Uint8Array {
	run(
		...(["clang-14", "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror"] as const),
		...["-Wno-unused-parameter", ...defines, `-ffile-prefix-map=${root}=.`, "-fdebug-compilation-dir=."],
		...["-I", "bpf", "-c", "bpf/capture.bpf.c", "-o", object],
	);
	run("llvm-strip-14", "-g", object);
	return readFileSync(object);
}

/** All artefacts: path below the package, and bytes. */
function build(directory: string): Map<string, Uint8Array> {
	const artefacts = new Map<string, Uint8Array>();
	for (const { arch, define } of targets) {
		for (const { name, defines } of variants) {
			const object = join(directory, `${arch}-${name}.o`);
			artefacts.set(`prebuilt/${arch}/${name}.bpf.o`, compile(object, [`-D${define}`, ...defines]));
		}
	}
	const btf = run("bpftool", "-j", "btf", "dump", "file", join(directory, `${targets[0].arch}-capture.o`));
	artefacts.set("src/events.generated.ts", new TextEncoder().encode(viewsOf(JSON.parse(btf).types)));
	return artefacts;
}

/** Writes the artefacts, or says which of the committed ones differ. */
function main(check: boolean): number {
	const version = run("clang-14", "--version").split("\n")[0] ?? "";
	console.log(`${version}; ${run("dpkg-query", "-W", "-f", `\${Package} \${Version}\n`, "libbpf-dev").trim()}`);
	if (!version.includes(compilerVersion)) {
		throw new Error(
			`Cannot build with ${version}: the committed objects are made with ${compilerVersion}: install that one`,
		);
	}
	const directory = mkdtempSync(join(tmpdir(), "wirescribe-bpf-"));
	try {
		let different = 0;
		for (const [path, bytes] of build(directory)) {
			const file = join(root, path);
			const same = existsSync(file) && Buffer.compare(readFileSync(file), bytes) === 0;
			if (!same) different++;
			console.log(`${same ? "same   " : check ? "DIFFERS" : "written"} ${path} (${bytes.length} bytes)`);
			if (check || same) continue;
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, bytes);
		}
		return check && different > 0 ? 1 : 0;
	} finally {
		rmSync(directory, { recursive: true, force: true });
	}
}

process.exitCode = main(process.argv.includes("--check"));

/** Compiles and links the two libraries for one machine, and looks at the result: symbols exported, highest glibc version needed. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** One machine to build for. `prefix` stands before gcc-12 and the binutils. */
export interface Target {
	readonly arch: "x64" | "arm64";
	readonly prefix: string;
	readonly machineFlags: readonly string[];
}

/** Where each source package was unpacked. */
export interface Trees {
	readonly libbpf: string;
	readonly elfutils: string;
	readonly zlib: string;
}

const highestGlibc = [2, 28] as const;

const zlibFiles = "adler32 crc32 deflate gzclose gzlib gzread inffast inflate inftrees trees zutil gzwrite".split(" ");

/** What elfutils' configure finds out, for the two machines we build for. Only macros that libelf reads. */
const elfutilsConfig = `
#define HAVE_DECL_MEMPCPY 1
#define HAVE_DECL_MEMRCHR 1
#define HAVE_DECL_POWEROF2 1
#define HAVE_DECL_RAWMEMCHR 1
#define HAVE_DECL_REALLOCARRAY 1
#define HAVE_ERROR_H 1
#define HAVE_ERR_H 1
#define HAVE_FALLTHROUGH 1
#define HAVE_GCC_STRUCT 1
#define HAVE_MREMAP 1
#define HAVE_STDATOMIC_H 1
#define HAVE_VISIBILITY 1
#define PACKAGE_NAME "elfutils"
#define PACKAGE_URL "elfutils"
#define PACKAGE_VERSION "0.188"
#include <eu-config.h>
`;

function run(command: string, args: readonly string[]): string {
	return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 26 });
}

function sourcesIn(directory: string): string[] {
	return readdirSync(directory)
		.filter((name) => name.endsWith(".c"))
		.sort()
		.map((name) => join(directory, name));
}

interface Group {
	readonly name: string;
	readonly sources: readonly string[];
	readonly flags: readonly string[];
}

function groups(trees: Trees, native: string, work: string): Group[] {
	const { libbpf, elfutils, zlib } = trees;
	return [
		{
			name: "zlib",
			sources: zlibFiles.map((name) => join(zlib, `${name}.c`)),
			flags: ["-DHAVE_UNISTD_H", "-DHAVE_HIDDEN", "-D_LARGEFILE64_SOURCE=1", "-w", "-fvisibility=hidden"],
		},
		{
			name: "elf",
			sources: sourcesIn(join(elfutils, "libelf")),
			flags: [
				"-std=gnu99",
				"-w",
				"-DHAVE_CONFIG_H",
				"-D_GNU_SOURCE",
				...[work, join(elfutils, "libelf"), join(elfutils, "lib"), zlib].map((path) => `-I${path}`),
			],
		},
		{
			name: "bpf",
			sources: sourcesIn(join(libbpf, "src")),
			flags: [
				"-w",
				"-fvisibility=hidden",
				"-D_LARGEFILE64_SOURCE",
				"-D_FILE_OFFSET_BITS=64",
				...[join(libbpf, "include"), join(libbpf, "include/uapi"), join(elfutils, "libelf"), zlib].map(
					(path) => `-I${path}`,
				),
			],
		},
		{
			name: "shim",
			sources: sourcesIn(join(native, "shim")),
			flags: [
				"-std=gnu11",
				"-Wall",
				"-Wextra",
				"-Werror",
				"-fvisibility=hidden",
				"-D_GNU_SOURCE",
				...[join(work, "include"), join(libbpf, "include/uapi")].map((path) => `-I${path}`),
			],
		},
	];
}

/** libbpf's headers under the name programs include them by. */
function layHeaders(trees: Trees, work: string): void {
	mkdirSync(join(work, "include/bpf"), { recursive: true });
	for (const name of readdirSync(join(trees.libbpf, "src"))) {
		if (name.endsWith(".h"))
			writeFileSync(join(work, "include/bpf", name), readFileSync(join(trees.libbpf, "src", name)));
	}
	writeFileSync(join(work, "config.h"), elfutilsConfig);
}

/** Fails when a library needs more of glibc than Debian 10, RHEL 8 and Ubuntu 18.10 have. */
function checkGlibc(objdump: string, library: string): string {
	let highest: readonly [number, number] = [0, 0];
	for (const line of run(objdump, ["-T", library]).split("\n")) {
		const match = /\(?GLIBC_(\d+)\.(\d+)/.exec(line);
		if (match === null) continue;
		const version = [Number(match[1]), Number(match[2])] as const;
		if (version[0] > highestGlibc[0] || version[1] > highestGlibc[1]) {
			throw new Error(
				`${basename(library)} needs glibc ${version.join(".")}, allowed is ${highestGlibc.join(".")}: ${line.trim()}`,
			);
		}
		if (version[1] > highest[1]) highest = version;
	}
	return highest.join(".");
}

/** Builds for one machine inside `work`; gives the finished files by name. */
export function compileTarget(target: Target, trees: Trees, native: string, work: string): Map<string, Buffer> {
	const compiler = `${target.prefix}gcc-12`;
	console.log(run(compiler, ["--version"]).split("\n")[0]);
	layHeaders(trees, work);
	// No path of the building machine may reach the output: it would differ on the next one.
	const prefixes = [...Object.entries(trees), ["native", native], ["work", work]].map(
		([name, path]) => `-ffile-prefix-map=${path}=${name}`,
	);
	const common = [
		"-c -O2 -g0 -fPIC -ffunction-sections -fdata-sections -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2".split(
			" ",
		),
		target.machineFlags,
		prefixes,
	].flat();
	const objects = new Map<string, string[]>();
	for (const { name, sources, flags } of groups(trees, native, work)) {
		const outputs = sources.map((source) => {
			const output = join(work, `${name}-${basename(source, ".c")}.o`);
			run(compiler, [...common, ...flags, source, "-o", output]);
			return output;
		});
		objects.set(name, outputs);
	}
	const link =
		"-shared -Wl,--build-id=none -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--no-undefined -Wl,-s".split(
			" ",
		);
	const elf = join(work, "libelf.so.1");
	const elfMap = join(trees.elfutils, "libelf/libelf.map");
	const elfLink = ["-Wl,-soname,libelf.so.1", `-Wl,--version-script=${elfMap}`, "-Wl,--wrap=fstat"];
	const fstat = objects.get("shim")!.find((path) => path.endsWith("shim-fstat.o"))!;
	run(compiler, [...link, ...elfLink, ...objects.get("elf")!, ...objects.get("zlib")!, fstat, "-o", elf]);
	const shim = join(work, "libwirescribe-bpf.so");
	const shimLink = [
		"-Wl,-soname,libwirescribe-bpf.so",
		`-Wl,--version-script=${join(native, "shim.map")}`,
		"-Wl,--wrap=fstat",
		"-Wl,--enable-new-dtags",
		"-Wl,-rpath,$ORIGIN",
	];
	const parts = ["shim", "bpf", "zlib"].flatMap((name) => objects.get(name)!);
	run(compiler, [...link, ...shimLink, ...parts, elf, "-o", shim]);
	for (const library of [elf, shim])
		console.log(`${basename(library)}: glibc ${checkGlibc(`${target.prefix}objdump`, library)}`);
	return new Map([elf, shim].map((library) => [basename(library), readFileSync(library)]));
}

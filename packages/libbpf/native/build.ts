/**
 * Builds the prebuilt libraries from Debian's source packages and our shim.
 *
 *     node native/build.ts            build, write prebuilt/<platform>-<arch>/ and licenses/
 *     node native/build.ts --check    build, compare with the committed bytes, write nothing
 *     options: --arch x64|arm64 (default both), --sources DIR (keep the fetched sources there, reuse them next time)
 *
 * Needs Debian 12 with gcc-12, gcc-12-aarch64-linux-gnu, binutils of both, dpkg-dev. Fetches through apt, with deb-src enabled in
 * a private configuration: the machine's own apt sources stay as they are. apt verifies the packages' signatures.
 *
 * Two libraries come out: libelf.so.1 (LGPL-3+ or GPL-2+, unmodified, zlib inside) and libwirescribe-bpf.so (libbpf, zlib and the
 * shim), which loads the former from its own directory. To use another libelf, put it in its place.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compileTarget, type Target, type Trees } from "./compile.ts";
import { SOURCES } from "./sources.ts";

const targets: readonly Target[] = [
	{ arch: "x64", prefix: "", machineFlags: [] },
	{ arch: "arm64", prefix: "aarch64-linux-gnu-", machineFlags: [] },
];

/** What the licence folder holds: the text's place in the source tree, and its name with us. */
const licenses: readonly (readonly [tree: keyof Trees, file: string, name: string])[] = [
	["libbpf", "LICENSE", "libbpf-LICENSE"],
	["libbpf", "LICENSE.BSD-2-Clause", "libbpf-LICENSE.BSD-2-Clause"],
	["libbpf", "LICENSE.LGPL-2.1", "libbpf-LICENSE.LGPL-2.1"],
	["elfutils", "COPYING-LGPLV3", "elfutils-COPYING-LGPLV3"],
	["elfutils", "COPYING-GPLV2", "elfutils-COPYING-GPLV2"],
	["elfutils", "COPYING", "elfutils-COPYING"],
	["zlib", "LICENSE", "zlib-LICENSE"],
];

const packageRoot = join(import.meta.dirname, "..");

function run(command: string, args: readonly string[], cwd?: string): string {
	return execFileSync(command, args, {
		encoding: "utf8",
		stdio: ["ignore", "pipe", "inherit"],
		maxBuffer: 1 << 26,
		cwd,
	});
}

/** The machine's own Debian mirror, main component of the release. */
function debianMirror(): string {
	const lines = run("apt-get", [
		"indextargets",
		"--format",
		"$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)",
		"Created-By: Packages",
	]);
	const line = lines.split("\n").find((text) => /^\S+ bookworm main Debian$/.test(text));
	if (line === undefined)
		throw new Error("Cannot find a Debian 12 (bookworm, main) mirror in this machine's apt sources: add one");
	return line.split(" ")[0]!;
}

function fetchSources(directory: string): Trees {
	const found = (): Trees => {
		const names = existsSync(directory) ? readdirSync(directory, { withFileTypes: true }) : [];
		const tree = (name: string): string => {
			const entry = names.find((item) => item.isDirectory() && item.name.startsWith(`${name}-`));
			return entry === undefined ? "" : join(directory, entry.name);
		};
		return { libbpf: tree("libbpf"), elfutils: tree("elfutils"), zlib: tree("zlib") };
	};
	if (Object.values(found()).every((path) => path !== "")) return found();
	for (const part of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(directory, part), { recursive: true });
	const list = join(directory, "sources.list");
	const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
	writeFileSync(list, `deb-src [signed-by=${keyring}] ${debianMirror()} bookworm main\n`);
	const settings = {
		"Dir::Etc::sourcelist": list,
		"Dir::Etc::sourceparts": "-",
		"Dir::State::lists": join(directory, "lists"),
		"Dir::Cache": join(directory, "cache"),
		"APT::Sandbox::User": "root",
	};
	const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
	run("apt-get", [...options, "-qq", "update"], directory);
	run("apt-get", [...options, "-qq", "source", ...SOURCES.map(({ name, version }) => `${name}=${version}`)], directory);
	return found();
}

function main(): void {
	const { values } = parseArgs({
		options: { check: { type: "boolean" }, arch: { type: "string" }, sources: { type: "string" } },
	});
	const work = mkdtempSync(join(tmpdir(), "wirescribe-build-"));
	try {
		const trees = fetchSources(values.sources ?? join(work, "sources"));
		for (const { name, version } of SOURCES) console.log(`${name} ${version}`);
		const files = new Map<string, Buffer>();
		for (const [tree, file, name] of licenses) files.set(`licenses/${name}`, readFileSync(join(trees[tree], file)));
		for (const target of targets.filter(({ arch }) => values.arch === undefined || values.arch === arch)) {
			const built = compileTarget(target, trees, join(import.meta.dirname), join(work, target.arch));
			for (const [name, bytes] of built) files.set(`prebuilt/linux-${target.arch}/${name}`, bytes);
		}
		let different = 0;
		for (const [path, bytes] of files) {
			const place = join(packageRoot, path);
			const same = existsSync(place) && readFileSync(place).equals(bytes);
			if (!same) different++;
			if (!same || path.startsWith("prebuilt/"))
				console.log(`${path}: ${bytes.length} bytes${same ? ", unchanged" : ", differs"}`);
			if (values.check || same) continue;
			mkdirSync(join(place, ".."), { recursive: true });
			writeFileSync(place, bytes);
		}
		if (values.check && different > 0) {
			console.error(
				`${different} committed files differ from what the sources give: run node native/build.ts and commit the result`,
			);
			process.exitCode = 1;
		}
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}

main();

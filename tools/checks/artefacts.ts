/**
 * `npm run artefacts`: what is committed and made by a tool (BPF objects, the prebuilt libraries, generated code) is what
 * the tool makes of the sources. Every package with a script `check:artefacts` rebuilds and compares; names as arguments
 * choose packages.
 */
import process from "node:process";
import { runCommand } from "../command.ts";
import { ensureDebian } from "../debian.ts";
import { workspacePackages } from "../workspace.ts";

/** The compilers and their versions are part of what makes the bytes equal: Debian 12's. */
const COMPILERS = [
	"clang-14",
	"llvm-14",
	"bpftool",
	"libbpf-dev",
	"linux-libc-dev",
	"gcc-12",
	"libc6-dev",
	"gcc-12-aarch64-linux-gnu",
	"libc6-dev-arm64-cross",
	"binutils",
	"binutils-aarch64-linux-gnu",
	"dpkg-dev",
] as const;

const names = process.argv.slice(2);
const packages = workspacePackages().filter(({ name, manifest }) => {
	const chosen = names.length === 0 || names.some((part) => name.includes(part));
	return chosen && manifest.scripts?.["check:artefacts"];
});
await ensureDebian(COMPILERS);
let failed = packages.length === 0 ? 1 : 0;
for (const { name, path } of packages) {
	const result = await runCommand("npm", ["run", "--silent", "check:artefacts"], { cwd: path });
	const bad = result.code !== 0;
	if (bad) failed++;
	console.log(
		`${bad ? "FAIL" : "ok  "}  ${name}  (${result.seconds.toFixed(1)} s)${bad ? `\n${result.output.trimEnd()}` : ""}`,
	);
}
console.log(`artefacts: ${packages.length} packages rebuilt, ${failed} differ`);
process.exitCode = failed === 0 ? 0 : 1;

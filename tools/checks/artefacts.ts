/**
 * `npm run artefacts`: what is committed and made by a tool (BPF objects, the prebuilt libraries, generated code) is what
 * the tool makes of the sources. Every package with scripts named `check:…` or `…:check` rebuilds and compares; names as
 * arguments choose packages.
 */
import process from "node:process";
import { runCommand } from "../command.ts";
import { ensureDebian } from "../debian.ts";
import { artefactScripts, workspacePackages } from "../workspace.ts";

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
	return chosen && artefactScripts(manifest).length > 0;
});
await ensureDebian(COMPILERS);
let failed = 0;
for (const { name, path, manifest } of packages) {
	for (const script of artefactScripts(manifest)) {
		const result = await runCommand("npm", ["run", "--silent", script], { cwd: path });
		const bad = result.code !== 0;
		if (bad) failed++;
		console.log(`${bad ? "FAIL" : "ok  "}  ${name} ${script}  (${result.seconds.toFixed(1)} s)`);
		if (bad) console.log(result.output.trimEnd());
	}
}
console.log(`artefacts: ${packages.length} packages rebuilt, ${failed} checks failed`);
process.exitCode = failed === 0 && packages.length > 0 ? 0 : 1;

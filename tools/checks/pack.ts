/**
 * `npm run pack:check`: what would be published works for a stranger.
 *
 * Builds and packs every package; publint and attw judge the tarballs; then, for each, an empty project gets the tarball (and
 * those of ours that it needs) by npm, and the README's example runs there as it stands, in Node 26, Deno and Bun, from the
 * built form and without koffi. Names as arguments choose packages.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type CommandResult, runCommand } from "../command.ts";
import { inLanes } from "../in-lanes.ts";
import { strangersEnvironment } from "../release/strangers-environment.ts";
import { buildAll, packAll, type Tarball } from "../release/tarballs.ts";
import { bin, closure, root, type WorkspacePackage, workspacePackages } from "../workspace.ts";
import { exampleOf } from "./example.ts";

/** Examples that do not run in a runtime, with the reason that the package's README gives. */
const NOT_IN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	"@wirescribe/collector": { Deno: "a grpc-js server is not reliable on Deno" },
};

const EXAMPLE_TIMEOUT_MS = 60_000;
const INSTALL_TIMEOUT_MS = 120_000;

const packages = workspacePackages();
const chosen = packages.filter(({ name }) => {
	const names = process.argv.slice(2);
	return names.length === 0 || names.some((part) => name.includes(part));
});
const problems: string[] = [];

function note(what: string, result: CommandResult, complaint: string | undefined): void {
	console.log(`${complaint ? "FAIL" : "ok  "}  ${what}  (${result.seconds.toFixed(1)} s)`);
	if (!complaint) return;
	problems.push(what);
	console.log(`${complaint}\n${result.output.trimEnd()}`);
}

async function judgeTarball(one: WorkspacePackage, tarball: string): Promise<void> {
	const publint = await runCommand(bin("publint"), ["run", "--strict", "--pack", "false", tarball], { cwd: root });
	note(`publint  ${one.name}`, publint, publint.code === 0 ? undefined : "publint objects:");
	const attw = await runCommand(bin("attw"), [tarball, "--profile", "esm-only", "--no-emoji"], { cwd: root });
	note(`attw     ${one.name}`, attw, attw.code === 0 ? undefined : "attw objects:");
}

/** An empty project with the package and its example; undefined when that fails. */
async function prepareProject(
	one: WorkspacePackage,
	tarballs: ReadonlyMap<string, Tarball>,
	folder: string,
): Promise<string | undefined> {
	const example = exampleOf(readFileSync(join(one.path, "README.md"), "utf8"));
	if (example === undefined) {
		problems.push(`${one.name}: README.md has no ts block under "## Example"`);
		console.log(`FAIL  ${problems.at(-1)}`);
		return undefined;
	}
	const project = join(folder, "projects", one.folder.replaceAll("/", "-"));
	mkdirSync(project, { recursive: true });
	const ours = closure(one, packages).map(({ name }) => [name, `file:${tarballs.get(name)?.file}`]);
	const dependencies = Object.fromEntries(ours);
	// Our packages ask for one another by version: nothing of ours may be looked for anywhere but in these files.
	const overrides = Object.fromEntries(Object.keys(dependencies).map((name) => [name, `$${name}`]));
	const manifest = { name: "empty-project", private: true, type: "module", dependencies, overrides };
	writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
	writeFileSync(join(project, "example.ts"), example);
	const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
	const options = { cwd: project, env: strangersEnvironment(), timeoutMs: INSTALL_TIMEOUT_MS };
	const installed = await runCommand("npm", install, options);
	if (installed.code === 0) return project;
	note(`install  ${one.name}`, installed, "npm cannot install the tarballs:");
	return undefined;
}

async function runExample(one: WorkspacePackage, project: string): Promise<void> {
	const env = strangersEnvironment();
	for (const [runtime, command, ...args] of [
		["Node", process.execPath, "example.ts"],
		["Deno", bin("deno"), "run", "-A", "example.ts"],
		["Bun", bin("bun"), "example.ts"],
	] as const) {
		if (NOT_IN[one.name]?.[runtime]) continue;
		const result = await runCommand(command, args, { cwd: project, env, timeoutMs: EXAMPLE_TIMEOUT_MS });
		note(`example  ${one.name} in ${runtime}`, result, exampleComplaint(result));
	}
}

function exampleComplaint(result: CommandResult): string | undefined {
	if (result.timedOut) return `it did not end within ${EXAMPLE_TIMEOUT_MS / 1000} s:`;
	if (result.code !== 0) return `it ended with code ${result.code}:`;
	return result.stdout.trim() === "" ? "it printed nothing:" : undefined;
}

async function main(): Promise<void> {
	await buildAll();
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-pack-"));
	try {
		const tarballs = await packAll(packages, folder);
		for (const { broken } of tarballs.values()) problems.push(...broken);
		await inLanes(chosen, 2, (one) => judgeTarball(one, (tarballs.get(one.name) as Tarball).file));
		// Projects are installed side by side; examples may watch the kernel, so they run one after another.
		const ready = await inLanes(chosen, 2, (one) => prepareProject(one, tarballs, folder));
		for (const [index, one] of chosen.entries()) if (ready[index]) await runExample(one, ready[index]);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	for (const problem of problems) console.error(`FAIL  ${problem}`);
	console.log(`pack: ${chosen.length} packages, ${problems.length} problems`);
	process.exitCode = problems.length === 0 ? 0 : 1;
}

await main();

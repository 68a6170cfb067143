/**
 * The release, but for its last step: run by dry-run.ts in a copy of the repository, which it changes. Names as arguments choose the
 * packages whose examples are run.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type CommandResult, runCommand } from "../command.ts";
import { inLanes } from "../in-lanes.ts";
import { root, workspacePackages } from "../workspace.ts";
import { tryInstalledAgent, usersNodes } from "./installed-agent.ts";
import { ScopeRegistry } from "./scope-registry.ts";
import { strangersEnvironment } from "./strangers-environment.ts";
import { buildAll, packAll, type Tarball } from "./tarballs.ts";

const rows: string[] = [];
let failed = 0;

/** Does a step, whatever came of those before, and notes what came of it. */
async function step(name: string, work: () => Promise<unknown>): Promise<void> {
	const started = performance.now();
	let complaint: string | undefined;
	try {
		await work();
	} catch (error) {
		complaint = (error as Error).message;
		failed++;
	}
	const seconds = ((performance.now() - started) / 1000).toFixed(1);
	rows.push(`${complaint === undefined ? "ok  " : "FAIL"}  ${name.padEnd(52)} ${seconds.padStart(6)} s`);
	console.log(rows.at(-1));
	if (complaint !== undefined) console.log(complaint);
}

async function script(file: string, ...args: readonly string[]): Promise<void> {
	const options = { cwd: root, timeoutMs: 1_200_000 };
	const result = await runCommand(process.execPath, ["--conditions=@wirescribe/source", file, ...args], options);
	if (result.code !== 0) throw new Error(result.output.trimEnd());
}

async function npmPublish({ file }: Tarball): Promise<CommandResult> {
	return runCommand("npm", ["publish", file, "--dry-run", "--ignore-scripts"], {
		cwd: tmpdir(),
		env: strangersEnvironment(),
		timeoutMs: 120_000,
	});
}

async function publishAll(tarballs: readonly Tarball[]): Promise<void> {
	const results = await inLanes(tarballs, 2, npmPublish);
	const bad = results.flatMap(({ code, output }, index) =>
		code === 0 ? [] : [`${tarballs[index]?.manifest.name}: npm publish --dry-run ended with code ${code}:\n${output}`],
	);
	if (bad.length > 0) throw new Error(bad.join("\n"));
}

function sizes(tarballs: readonly Tarball[]): string[] {
	const kilobytes = (bytes: number): string => (bytes / 1024).toFixed(1).padStart(8);
	return [
		`${"package".padEnd(30)}version  files  KiB packed  unpacked`,
		...tarballs.map(({ manifest: { name, version }, paths, packedBytes, unpackedBytes }) => {
			const count = String(paths.length).padStart(6);
			return `${name.padEnd(30)}${version.padEnd(8)}${count}    ${kilobytes(packedBytes)}  ${kilobytes(unpackedBytes)}`;
		}),
	];
}

async function main(): Promise<void> {
	// In the copy, and so gone with it.
	const folder = mkdtempSync(join(root, "rehearsal-"));
	try {
		await step("changesets to versions, changelogs, chart, lock file", () => script("tools/release/version.ts"));
		await step("manifests of npm and JSR agree, metadata", () => script("tools/checks/boundaries.ts"));
		const tarballs: Tarball[] = [];
		await step("build and pack", async () => {
			await buildAll();
			tarballs.push(...(await packAll(workspacePackages(), folder)).values());
			const broken = tarballs.flatMap((one) => [...one.broken, ...lacksChangelog(one)]);
			if (broken.length > 0) throw new Error(broken.join("\n"));
		});
		await step("npm publish --dry-run", () => publishAll(tarballs));
		await step("deno publish --dry-run", () => script("tools/checks/jsr.ts"));
		await step("publint, attw, README examples in empty projects", () =>
			script("tools/checks/pack.ts", ...process.argv.slice(2)),
		);
		const agent = tarballs.find(({ manifest }) => manifest.name === "@wirescribe/agent");
		if (agent) {
			using registry = await ScopeRegistry.serve(tarballs);
			for (const node of usersNodes()) {
				const what = ["npm install --global, wirescribe run", node.name, ...node.beside].join(", ");
				await step(what, () => tryInstalledAgent(node, agent.file, agent.manifest.version, registry, folder));
			}
		}
		console.log(["", ...sizes(tarballs), "", ...rows].join("\n"));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	console.log(`release: ${rows.length - failed} of ${rows.length} steps, nothing was published`);
	process.exitCode = failed === 0 ? 0 : 1;
}

function lacksChangelog({ manifest: { name, version }, paths }: Tarball): string[] {
	return paths.includes("CHANGELOG.md") ? [] : [`${name}: has no CHANGELOG.md for ${version}`];
}

await main();

/**
 * `npm run jsr`: each package could be published to JSR as it is (a dry run: nothing is sent), and follows JSR's lint rules.
 * Deno checks types here by its own rules, with its own libraries.
 */
import process from "node:process";
import { runCommand } from "../command.ts";
import { inLanes } from "../in-lanes.ts";
import { bin, workspacePackages } from "../workspace.ts";

const packages = workspacePackages();
let failed = 0;
await inLanes(packages, 2, async ({ name, path }) => {
	const env = { ...process.env, NO_COLOR: "1", DENO_CONDITIONS: "@wirescribe/source", DENO_NO_UPDATE_CHECK: "1" };
	for (const args of [
		["publish", "--dry-run", "--allow-dirty"],
		["lint", "--rules-tags=jsr", "src"],
	]) {
		const result = await runCommand(bin("deno"), args, { cwd: path, env });
		if (result.code === 0) continue;
		failed++;
		console.error(`FAIL  ${name}: deno ${args.join(" ")}\n${result.output.trimEnd()}`);
	}
});
console.log(`jsr: ${packages.length} packages, ${failed} failures`);
process.exitCode = failed === 0 ? 0 : 1;

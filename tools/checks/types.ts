/** `npm run types`: the type checker over every package (sources, tests, benches, examples) and over the tools. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../command.ts";
import { bin, root, workspacePackages } from "../workspace.ts";

const projects = [...workspacePackages().map(({ folder }) => folder), "tools"];
let failed = 0;
for (const folder of projects) {
	const project = join(root, folder, "tsconfig.json");
	const missing = existsSync(project) ? undefined : "there is no tsconfig.json";
	const result = missing
		? undefined
		: await runCommand(bin("tsc"), ["-p", project, "--pretty", "false"], { cwd: root });
	if (result?.code === 0) continue;
	failed++;
	console.error(`FAIL  ${folder}\n${(missing ?? result?.output ?? "").trimEnd()}`);
}
console.log(`types: ${projects.length - failed} of ${projects.length} projects are sound`);
process.exitCode = failed === 0 ? 0 : 1;

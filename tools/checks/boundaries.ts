/** `npm run boundaries`: packages import each other only along the arrows, and their manifests say the same, and what registries ask for. */
import { join } from "node:path";
import process from "node:process";
import { manifestRules } from "../release/publish-rules.ts";
import { type Manifest, readJson, root, workspacePackages } from "../workspace.ts";
import { ARROWS, circleIn } from "./arrows.ts";
import { brokenRules } from "./package-rules.ts";

const packages = workspacePackages();
const tooling = readJson<Manifest>(join(root, "package.json"));
const broken = packages.flatMap((one) => [...brokenRules(one, tooling), ...manifestRules(one.manifest, one.folder)]);
for (const name of Object.keys(ARROWS)) {
	if (!packages.some((one) => one.name === name)) broken.push(`tools/checks/arrows.ts: there is no ${name}`);
}
const circle = circleIn(ARROWS);
if (circle) broken.push(`tools/checks/arrows.ts: a circle: ${circle.join(" -> ")}`);

for (const sentence of broken) console.error(`FAIL  ${sentence}`);
console.log(`boundaries: ${packages.length} packages, ${broken.length} rules broken`);
process.exitCode = broken.length === 0 ? 0 : 1;

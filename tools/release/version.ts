/**
 * `npm run release:version`: the changesets become versions and changelogs, and all that names a version follows: deno.json of each
 * package, the lock file, the chart and the manifest that is made of it. Review, commit, tag.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { mustRun } from "../command.ts";
import { bin, root, workspacePackages } from "../workspace.ts";
import { withVersion } from "./with-version.ts";

await mustRun(process.execPath, [bin("changeset"), "version"], { cwd: root });

const packages = workspacePackages();
for (const { path, manifest } of packages) rewrite(join(path, "deno.json"), "json", manifest.version);
const agent = packages.find(({ name }) => name === "@wirescribe/agent");
if (!agent) throw new Error("Cannot set the chart's version: there is no package @wirescribe/agent");
rewrite(join(root, "deploy/helm/wirescribe/Chart.yaml"), "chart", agent.manifest.version);

await mustRun("npm", ["install", "--package-lock-only", "--ignore-scripts"], { cwd: root });
await mustRun(process.execPath, ["tools/manifests.ts"], { cwd: root });
console.log(`version: ${packages.length} packages at ${agent.manifest.version}`);

function rewrite(file: string, kind: "json" | "chart", version: string): void {
	writeFileSync(file, withVersion(readFileSync(file, "utf8"), kind, version));
}

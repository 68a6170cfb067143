/** `npm run manifests`: writes deploy/kubernetes/wirescribe.yaml from the chart. A test says when it is stale. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDebian } from "./debian.ts";
import { Chart, plainManifest, RENDERER_PACKAGES } from "./deploy/chart.ts";
import { root } from "./workspace.ts";

await ensureDebian(RENDERER_PACKAGES);
using chart = new Chart();
writeFileSync(join(root, "deploy/kubernetes/wirescribe.yaml"), plainManifest(chart));

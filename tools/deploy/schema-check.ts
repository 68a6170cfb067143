import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DaemonSet } from "kubernetes-models/apps/v1";
import { ClusterRole, ClusterRoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1";
import { ConfigMap, ServiceAccount } from "kubernetes-models/v1";
import { runCommand } from "../command.ts";
import { bin, root } from "../workspace.ts";
import type { Manifest } from "./chart.ts";

/** Kinds of the chart: what validates them by Kubernetes' OpenAPI schema, and where their type is. */
const KINDS: Readonly<
	Record<string, { readonly model: new (data: never) => { validate(): void }; readonly from: string }>
> = {
	"apps/v1 DaemonSet": { model: DaemonSet, from: "kubernetes-models/apps/v1" },
	"rbac.authorization.k8s.io/v1 ClusterRole": {
		model: ClusterRole,
		from: "kubernetes-models/rbac.authorization.k8s.io/v1",
	},
	"rbac.authorization.k8s.io/v1 ClusterRoleBinding": {
		model: ClusterRoleBinding,
		from: "kubernetes-models/rbac.authorization.k8s.io/v1",
	},
	"v1 ConfigMap": { model: ConfigMap, from: "kubernetes-models/v1" },
	"v1 ServiceAccount": { model: ServiceAccount, from: "kubernetes-models/v1" },
};

function kindOf({ apiVersion, kind }: Manifest): (typeof KINDS)[string] {
	const found = KINDS[`${apiVersion} ${kind}`];
	if (found) return found;
	throw new Error(`Cannot check ${apiVersion} ${kind}: add it to KINDS`);
}

/** Throws where an object is not as the schema has it: a wrong type, a format, something that is required. */
export function validate(manifest: Manifest): void {
	const { model } = kindOf(manifest);
	new model(manifest as never).validate();
}

/**
 * What the schema does not say, since Kubernetes' own has no end: a field that there is not, in any depth. TypeScript refuses them in
 * literals. Returns its messages, none when all is well.
 */
export async function unknownFields(manifests: readonly Manifest[]): Promise<string> {
	const folder = mkdtempSync(join(root, "node_modules/.wirescribe-manifests-"));
	try {
		const literals = manifests.map((manifest, index) => {
			const { from } = kindOf(manifest);
			return `export const object${index}: import("${from}").I${manifest.kind} = ${JSON.stringify(manifest)};`;
		});
		writeFileSync(join(folder, "manifests.ts"), literals.join("\n"));
		const options = [
			"--noEmit",
			"--strict",
			"--skipLibCheck",
			"--module",
			"nodenext",
			"--target",
			"esnext",
			"--types",
			"",
		];
		const { stdout } = await runCommand(bin("tsc"), [...options, join(folder, "manifests.ts")], { cwd: folder });
		return stdout;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

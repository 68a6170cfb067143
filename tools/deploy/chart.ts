import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { root } from "../workspace.ts";

/** What the renderer is built with. */
export const RENDERER_PACKAGES = [
	"golang-go",
	"golang-github-masterminds-sprig-dev",
	"golang-k8s-sigs-yaml-dev",
] as const;

/** A Kubernetes object as it stands in a manifest. */
export interface Manifest {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: { readonly name: string; readonly namespace?: string };
	readonly [key: string]: unknown;
}

/** The chart, rendered by render.go; its program goes with the scope. */
export class Chart implements Disposable {
	readonly #folder = mkdtempSync(join(tmpdir(), "wirescribe-chart-"));
	readonly #program = join(this.#folder, "render");

	constructor() {
		const env = { PATH: "/usr/bin:/bin", HOME: homedir(), GO111MODULE: "off", GOPATH: "/usr/share/gocode" };
		const source = join(import.meta.dirname, "render.go");
		execFileSync("/usr/bin/go", ["build", "-o", this.#program, source], { env, stdio: "pipe" });
	}

	/** The text that `helm template` gives; `values` are laid over those of the chart. */
	text(values: object = {}): string {
		const file = join(this.#folder, "values.yaml");
		writeFileSync(file, JSON.stringify(values));
		const chart = join(root, "deploy/helm/wirescribe");
		return execFileSync(this.#program, [chart, "wirescribe", "wirescribe", file], { encoding: "utf8" });
	}

	objects(values: object = {}): Manifest[] {
		return manifests(this.text(values));
	}

	[Symbol.dispose](): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

/** The objects in a text of several documents; throws where one is no YAML. */
export function manifests(text: string): Manifest[] {
	return parseAllDocuments(text).map((document) => {
		if (document.errors[0]) throw document.errors[0];
		return document.toJS() as Manifest;
	});
}

/** deploy/kubernetes/wirescribe.yaml: the chart with its own values, for those who do not use Helm. */
export function plainManifest(chart: Chart): string {
	const head =
		"# Made from deploy/helm/wirescribe by `npm run manifests`: change the chart, not this file.\n" +
		"#   kubectl create namespace wirescribe && kubectl apply -f wirescribe.yaml\n";
	return head + chart.text();
}

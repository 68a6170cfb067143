import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseRun } from "../../apps/agent/src/cli/config-options.ts";
import { makeConfig } from "../../apps/agent/src/config/config.ts";
import { CAPABILITIES } from "../../apps/agent/src/plan/capabilities.ts";
import { ensureDebian } from "../debian.ts";
import { root } from "../workspace.ts";
import { Chart, type Manifest, plainManifest, RENDERER_PACKAGES } from "./chart.ts";
import { unknownFields, validate } from "./schema-check.ts";

let chart: Chart;
beforeAll(async () => {
	await ensureDebian(RENDERER_PACKAGES);
	chart = new Chart();
});
afterAll(() => chart?.[Symbol.dispose]());

/** Every value of the chart is another in one of these. */
const VARIANTS: Readonly<Record<string, object>> = {
	"as it is": {},
	"on the host's network": { hostNetwork: true, metrics: { port: 9999, scrape: false } },
	"with a spool, arguments and names": {
		config: { core: { backend: { addr: "oap:11800" } }, access_log: { select: { ports: [8080, 9090] } } },
		image: { repository: "registry.example/wirescribe", tag: "1.2.3", pullPolicy: "Always" },
		imagePullSecrets: [{ name: "pull" }],
		extraArgs: ["--lanes=2", "--cluster-name=east"],
		extraEnv: [{ name: "NODE_OPTIONS", value: "--max-old-space-size=256" }],
		serviceAccount: { create: false, name: "mine" },
		podAnnotations: { "example.com/team": "infra" },
		podLabels: { team: "infra" },
		affinity: {
			nodeAffinity: {
				requiredDuringSchedulingIgnoredDuringExecution: {
					nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Exists" }] }],
				},
			},
		},
		spool: { hostPath: "/var/lib/wirescribe" },
	},
};

interface PodSpec {
	readonly containers: readonly {
		readonly args: readonly string[];
		readonly image: string;
		readonly securityContext: {
			readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
		};
	}[];
	readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
}

function daemonSet(objects: readonly Manifest[]): { readonly updateStrategy: unknown; readonly pod: PodSpec } {
	const { spec } = objects.find(({ kind }) => kind === "DaemonSet") as unknown as {
		spec: { updateStrategy: unknown; template: { spec: PodSpec } };
	};
	return { updateStrategy: spec.updateStrategy, pod: spec.template.spec };
}

describe("the chart", () => {
	it.each(Object.entries(VARIANTS))(
		"%s is valid by Kubernetes' OpenAPI schemas, and has no field that there is not",
		async (_, values) => {
			const objects = chart.objects(values);
			expect(objects.length).toBeGreaterThanOrEqual(4);
			for (const object of objects) validate(object);
			expect(await unknownFields(objects)).toBe("");
		},
	);

	it("would be refused with a wrong type, or a field that there is not", async () => {
		const wrong = chart.objects({ resources: { limits: "much" } });
		expect(() => wrong.forEach(validate)).toThrow();
		const unknown = chart.objects({ securityContext: { runAsRoot: false } });
		expect(await unknownFields(unknown)).toContain("runAsRoot");
	});

	it("mirrors the configuration: what is under config is the file, unchanged", () => {
		const config = {
			core: { backend: { addr: "oap:11800" } },
			access_log: { select: { exclude: ["port=9090", "comm=curl"] } },
		};
		const map = chart.objects({ config }).find(({ kind }) => kind === "ConfigMap") as unknown as {
			data: Record<string, string>;
		};
		expect(parse(map.data["wirescribe.yaml"] as string)).toMatchObject(config);
	});

	it.each(Object.entries(VARIANTS))("%s gives arguments and a configuration that the agent takes", (_, values) => {
		const objects = chart.objects(values);
		const map = objects.find(({ kind }) => kind === "ConfigMap") as unknown as { data: Record<string, string> };
		const args = daemonSet(objects).pod.containers[0]!.args;
		expect(args[0]).toBe("run");
		// The folder of the socket is the node's.
		const parsed = parseRun(
			"run",
			args.slice(1).map((arg) => arg.replace("/run/wirescribe", tmpdir())),
		);
		const { options, warnings } = makeConfig("wirescribe.yaml", map.data["wirescribe.yaml"] as string, parsed, {});
		expect(warnings).toEqual([]);
		expect(options.control).toMatchObject({ takeover: true, afterHandover: "wait" });
		expect(options.observability.metricsListen?.host).toBe("0.0.0.0");
	});

	it("gives the capabilities of the agent's list, and no more", () => {
		const { capabilities } = daemonSet(chart.objects()).pod.containers[0]!.securityContext;
		const listed = CAPABILITIES.filter(({ need }) => need !== "special").map(({ name }) => name.slice(4));
		expect(capabilities).toEqual({ drop: ["ALL"], add: listed });
	});

	it("lets the new agent attach before the old one ends, where two can have the port", () => {
		const strategy = (values: object): unknown => daemonSet(chart.objects(values)).updateStrategy;
		expect(strategy({})).toMatchObject({ rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
		expect(strategy({ hostNetwork: true })).toMatchObject({ rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } });
		expect(daemonSet(chart.objects()).pod.containers[0]!.args).toEqual(
			expect.arrayContaining(["--takeover", "--after-handover=wait"]),
		);
	});

	it("is of the agent's version", () => {
		const { version } = JSON.parse(readFileSync(join(root, "apps/agent/package.json"), "utf8")) as { version: string };
		const about = parse(readFileSync(join(root, "deploy/helm/wirescribe/Chart.yaml"), "utf8")) as Record<
			string,
			string
		>;
		expect([about["version"], about["appVersion"]]).toEqual([version, version]);
		expect(daemonSet(chart.objects()).pod.containers[0]!.image).toBe(`ghcr.io/wirescribe/wirescribe:${version}`);
	});

	it("is what the plain manifest was made from: else run npm run manifests", () => {
		expect(readFileSync(join(root, "deploy/kubernetes/wirescribe.yaml"), "utf8")).toBe(plainManifest(chart));
	});
});

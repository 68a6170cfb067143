import { hostname } from "node:os";
import process from "node:process";
import {
	type ClusterConfig,
	inClusterConfig,
	KubernetesError,
	kubeconfig,
	kubeconfigPath,
} from "@wirescribe/kubernetes";
import { CliError, EXIT } from "./errors.ts";
import { type OptionSpecs, oneOf, type ParsedArguments, stringList, text } from "./options.ts";

export const KUBERNETES_SPECS: OptionSpecs = {
	kubernetes: {
		type: "string",
		value: "auto|on|off",
		help: "name pods and services: auto, the default, only within a pod; on also by a kubeconfig",
	},
	kubeconfig: { type: "string", value: "FILE", help: "how the API server is reached from outside of a pod" },
	"node-name": { type: "string", value: "NAME", help: "this node's name in the cluster; $NODE_NAME, else the host's" },
};

export const WORKLOAD_SPECS: OptionSpecs = {
	"cluster-name": {
		type: "string",
		value: "NAME",
		help: "stands before services' names, and in the node's description",
	},
	"exclude-namespaces": {
		type: "string",
		multiple: true,
		value: "NS…",
		help: "not these; istio-system,cert-manager,kube-system with --kubernetes, '' for none",
	},
	"exclude-cluster": { type: "string", multiple: true, value: "NAME…", help: "nothing of services of these clusters" },
};

/** As the reference agent has them. */
export const USUAL_EXCLUDED: readonly string[] = ["istio-system", "cert-manager", "kube-system"];

/** The cluster that is asked, and this node's name in it. */
export interface KubernetesOptions {
	readonly config: ClusterConfig;
	readonly nodeName: string;
}

/** What is said of workloads, whoever names them: the cluster, or a recording. */
export interface WorkloadOptions {
	readonly clusterName: string;
	readonly excludeNamespaces: readonly string[];
	readonly excludeClusters: readonly string[];
}

/** Undefined: no cluster is asked. */
export function parseKubernetes(command: string, parsed: ParsedArguments): KubernetesOptions | undefined {
	const file = text(parsed, "kubeconfig");
	const mode = oneOf(command, parsed, "kubernetes", ["auto", "on", "off"]) ?? (file ? "on" : "auto");
	if (mode === "off") return undefined;
	const config = clusterConfig(mode, file);
	if (!config) return undefined;
	return { config, nodeName: text(parsed, "node-name") ?? process.env["NODE_NAME"] ?? hostname() };
}

function clusterConfig(mode: "auto" | "on", file: string | undefined): ClusterConfig | undefined {
	try {
		if (file) return kubeconfig(file);
		return inClusterConfig() ?? (mode === "on" ? kubeconfig(kubeconfigPath()) : undefined);
	} catch (error) {
		if (error instanceof KubernetesError) throw new CliError(error.message, EXIT.config, { cause: error });
		throw error;
	}
}

export function parseWorkloads(parsed: ParsedArguments, kubernetes: boolean): WorkloadOptions {
	const given = parsed.values["exclude-namespaces"] !== undefined;
	return {
		clusterName: text(parsed, "cluster-name") ?? "",
		excludeNamespaces: given ? stringList(parsed, "exclude-namespaces") : kubernetes ? USUAL_EXCLUDED : [],
		excludeClusters: stringList(parsed, "exclude-cluster"),
	};
}

import { NodeWorkloads, type WorkloadChange } from "@wirescribe/kubernetes";
import type { WatchOptions } from "../cli/watch-options.ts";
import { log } from "../logging/log.ts";

/** The start waits this long for the first lists, so that the first records have names; then it goes on without. */
const SYNC_MS = 3_000;
/** At most one line about the API server in this time: an outage must not flood the log. */
const TELL_PAUSE_MS = 60_000;

/** What is known of the cluster. */
export interface KubernetesState {
	readonly server: string;
	readonly nodeName: string;
	/** The first lists are complete. */
	readonly synced: boolean;
	readonly pods: number;
	readonly failures: number;
}

/** What watches the cluster; it ends with the process or with `close`. */
export interface KubernetesWatch {
	/** Undefined: none is asked. */
	state(): KubernetesState | undefined;
	close(): void;
}

/** Watches this node's pods and hands on what changes. Returns when the first lists are complete, or have taken too long. */
export async function watchKubernetes(
	{ kubernetes, clusterName }: WatchOptions,
	changed: (changes: readonly WorkloadChange[]) => void,
): Promise<KubernetesWatch> {
	if (!kubernetes) return { state: () => undefined, close() {} };
	const { config, nodeName } = kubernetes;
	const tell = (what: string): void => {
		log.warn(`kubernetes: ${what}`, { key: "kubernetes", pauseMs: TELL_PAUSE_MS });
	};
	let synced = false;
	const workloads = new NodeWorkloads({
		config,
		nodeName,
		clusterName,
		changed,
		failed: ({ message }, pauseMs) => tell(`${message}; next attempt in ${(pauseMs / 1000).toFixed(1)} s`),
	});
	void workloads.synced.then(() => {
		synced = true;
	});
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<"late">((resolve) => {
		timer = setTimeout(() => resolve("late"), SYNC_MS);
	});
	if ((await Promise.race([workloads.synced, late])) === "late") {
		tell(`no complete answer from ${config.server} yet: connections have no pods' names until there is one`);
	} else if (workloads.pods === 0) {
		tell(`no pods on node '${nodeName}': tell the node's name with --node-name or NODE_NAME`);
	}
	clearTimeout(timer);
	return {
		state() {
			const { pods, services } = workloads.stats();
			const failures = pods.failures + services.failures;
			return { server: config.server, nodeName, synced, pods: workloads.pods, failures };
		},
		close: () => workloads.close(),
	};
}

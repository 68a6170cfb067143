import process from "node:process";
import { NodeWorkloads, type WorkloadChange } from "@wirescribe/kubernetes";
import type { WatchOptions } from "../cli/watch-options.ts";

/** The start waits this long for the first lists, so that the first records have names; then it goes on without. */
const SYNC_MS = 3_000;
/** At most one line about the API server in this time: an outage must not flood the log. */
const TELL_PAUSE_MS = 60_000;

/** What watches the cluster; it ends with the process or with `close`. */
export interface KubernetesWatch {
	close(): void;
}

/** Watches this node's pods and hands on what changes. Returns when the first lists are complete, or have taken too long. */
export async function watchKubernetes(
	{ kubernetes, clusterName }: WatchOptions,
	changed: (changes: readonly WorkloadChange[]) => void,
): Promise<KubernetesWatch> {
	if (!kubernetes) return { close() {} };
	const { config, nodeName } = kubernetes;
	let toldMs = Number.NEGATIVE_INFINITY;
	const tell = (what: string): void => {
		if (performance.now() - toldMs < TELL_PAUSE_MS) return;
		toldMs = performance.now();
		process.stderr.write(`wirescribe: kubernetes: ${what}\n`);
	};
	const workloads = new NodeWorkloads({
		config,
		nodeName,
		clusterName,
		changed,
		failed: ({ message }, pauseMs) => tell(`${message}; next attempt in ${(pauseMs / 1000).toFixed(1)} s`),
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
	return workloads;
}

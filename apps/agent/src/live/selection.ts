import type { Connection } from "@wirescribe/access-log";
import type { Selection as KernelSelection } from "@wirescribe/bpf-programs";
import {
	type PortSelection,
	type ProcessInfo,
	type ProcessSelection,
	selectsPorts,
	selectsProcess,
} from "@wirescribe/connections";
import { isExcluded, type Workload } from "@wirescribe/kubernetes";

/** Which connections are watched. Plain data: it crosses threads. */
export interface WatchSelection extends ProcessSelection, PortSelection {
	readonly role?: "client" | "server";
	/** Workloads of which nothing is reported. */
	readonly excludeNamespaces: readonly string[];
	readonly excludeClusters: readonly string[];
}

/** The part that the kernel can judge. What it cannot is judged here: it then lets through what was not rejected. */
export function kernelSelection(selection: WatchSelection): KernelSelection {
	const { pids = [], comms = [], ports = [], role } = selection;
	const byKernel = !needsDetails(selection);
	return {
		...(byKernel && pids.length > 0 ? { pids } : {}),
		...(byKernel && comms.length > 0 ? { comms } : {}),
		...(ports.length > 0 ? { ports } : {}),
		...(role ? { role } : {}),
		reject: judgesProcesses(selection),
	};
}

/** Whether processes are judged by what only user space knows. */
export function judgesProcesses(selection: WatchSelection): boolean {
	const { exclude, excludeNamespaces, excludeClusters } = selection;
	return needsDetails(selection) || exclude !== undefined || excludeNamespaces.length + excludeClusters.length > 0;
}

/** Whether connections have to be judged here at all. */
export function judgesConnections(selection: WatchSelection): boolean {
	return judgesProcesses(selection) || (selection.excludePorts ?? []).length > 0;
}

export function isSelectedProcess(
	selection: WatchSelection,
	facts: ProcessInfo,
	workload: Workload | undefined,
): boolean {
	return selectsProcess(selection, facts) && !isExcludedWorkload(selection, workload);
}

/** A role that is not known yet may turn out to be the one that is wanted. */
export function isSelectedConnection(selection: WatchSelection, connection: Connection): boolean {
	const { pid, comm, role, local, remote, process, workload } = connection;
	const facts = { pid, comm, exe: "", containerId: "", cgroup: "", ...process };
	return (
		(selection.role === undefined || role === "unknown" || role === selection.role) &&
		selectsPorts(selection, local.port, remote.port) &&
		selectsProcess(selection, facts) &&
		!isExcludedWorkload(selection, workload)
	);
}

function isExcludedWorkload(
	{ excludeNamespaces, excludeClusters }: WatchSelection,
	workload: Workload | undefined,
): boolean {
	return isExcluded(workload, { namespaces: excludeNamespaces, clusters: excludeClusters });
}

function needsDetails({ exes = [], containers = [], cgroups = [] }: ProcessSelection): boolean {
	return exes.length + containers.length + cgroups.length > 0;
}

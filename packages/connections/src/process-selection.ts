import { matchesGlob } from "./glob.ts";
import type { ProcessInfo } from "./process-info.ts";

/** What a process, or a connection of it, may be recognised by: any one of all that is given. */
export interface ProcessCriteria {
	readonly pids?: readonly number[];
	readonly comms?: readonly string[];
	/** Globs of the program's path: `/usr/sbin/nginx`, `/opt/**`. */
	readonly exes?: readonly string[];
	/** Container ids, or how they begin (12 digits are what tools show). */
	readonly containers?: readonly string[];
	/** Globs of the path in the cgroup hierarchy: `/system.slice/nginx.service`, `/kubepods.slice/**`. */
	readonly cgroups?: readonly string[];
}

/** Which processes: those that meet a criterion (none given: all), without those that meet one of `exclude`. */
export interface ProcessSelection extends ProcessCriteria {
	readonly exclude?: ProcessCriteria;
}

/** Which connections of the selected processes: local or remote port (none given: all). */
export interface PortSelection {
	readonly ports?: readonly number[];
	readonly excludePorts?: readonly number[];
}

type Facts = Pick<ProcessInfo, "pid" | "comm" | "exe" | "containerId" | "cgroup">;

/** Whether a process is selected. */
export function selectsProcess(selection: ProcessSelection, facts: Facts): boolean {
	const included = isEmpty(selection) || meets(selection, facts);
	return included && !(selection.exclude && meets(selection.exclude, facts));
}

/** Whether a connection between these ports is selected. */
export function selectsPorts({ ports = [], excludePorts = [] }: PortSelection, local: number, remote: number): boolean {
	const hit = (wanted: readonly number[]): boolean => wanted.includes(local) || wanted.includes(remote);
	return (ports.length === 0 || hit(ports)) && !hit(excludePorts);
}

/** Whether more than the pid and the name must be known to decide. */
export function needsDetails(selection: ProcessSelection): boolean {
	const details = ({ exes = [], containers = [], cgroups = [] }: ProcessCriteria): boolean =>
		exes.length + containers.length + cgroups.length > 0;
	return details(selection) || (selection.exclude !== undefined && details(selection.exclude));
}

function isEmpty({ pids = [], comms = [], exes = [], containers = [], cgroups = [] }: ProcessCriteria): boolean {
	return pids.length + comms.length + exes.length + containers.length + cgroups.length === 0;
}

function meets(criteria: ProcessCriteria, { pid, comm, exe, containerId, cgroup }: Facts): boolean {
	const { pids = [], comms = [], exes = [], containers = [], cgroups = [] } = criteria;
	return (
		pids.includes(pid) ||
		comms.includes(comm) ||
		exes.some((glob) => exe !== "" && matchesGlob(exe, glob)) ||
		containers.some((id) => id !== "" && containerId.startsWith(id)) ||
		cgroups.some((glob) => cgroup !== "" && matchesGlob(cgroup, glob))
	);
}

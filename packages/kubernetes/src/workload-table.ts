/** What a process is part of. Shared by all that asked: not to be changed. */
export interface Workload {
	readonly namespace: string;
	/** Empty for a service, of which only the address is known. */
	readonly pod: string;
	/** Empty where it is not known (yet). */
	readonly container: string;
	/** Such as `Deployment/web`; empty for a pod of its own. */
	readonly owner: string;
	/** `service.namespace`; with a cluster's name, `cluster::service.namespace`. A pod without a service has its owner's name, or its own. */
	readonly service: string;
}

/** A pod as a table knows it. */
export interface PodEntry {
	readonly namespace: string;
	readonly pod: string;
	readonly owner: string;
	readonly service: string;
	readonly ips: readonly string[];
	readonly containers: Readonly<Record<string, string>>;
	readonly onlyContainer: string;
	readonly staticHash: string;
}

export interface ServiceEntry {
	readonly namespace: string;
	readonly service: string;
	readonly ips: readonly string[];
}

/** A pod or a service is new or has changed, or (null) is gone. Plain data: it may cross threads. */
export type WorkloadChange =
	| { readonly kind: "pod"; readonly uid: string; readonly entry: PodEntry | null }
	| { readonly kind: "service"; readonly uid: string; readonly entry: ServiceEntry | null };

/** What a process is recognised by. */
export interface ContainerFacts {
	readonly containerId: string;
	readonly cgroup: string;
}

/** A pod's uid, or a static pod's hash, in the path that the kubelet made: with either of its two cgroup drivers. */
const POD_IN_CGROUP = /(?:^|[-/])pod([0-9a-f]{8}(?:[-_]?[0-9a-f]{4}){3}[-_]?[0-9a-f]{12})(?=[./]|$)/;

/**
 * Who is who on this node: a copy of what {@link NodeWorkloads} knows, for a thread that must not wait. It does no I/O and asks nobody.
 *
 * A process is known by the pod's uid in its cgroup from its first moment on; by its container's id from the moment the kubelet has
 * reported it, and then with the container's name.
 */
export class WorkloadTable {
	readonly #pods: Map<string, PodEntry> = new Map();
	readonly #podOfContainer: Map<string, string> = new Map();
	readonly #podOfHash: Map<string, string> = new Map();
	readonly #podOfIp: Map<string, string> = new Map();
	readonly #services: Map<string, ServiceEntry> = new Map();
	readonly #serviceOfIp: Map<string, string> = new Map();
	/** By pod and container, so that there is one object for each. */
	readonly #workloads: Map<string, Workload> = new Map();

	get size(): { readonly pods: number; readonly services: number } {
		return { pods: this.#pods.size, services: this.#services.size };
	}

	apply(changes: readonly WorkloadChange[]): void {
		for (const change of changes) {
			if (change.kind === "pod") this.#setPod(change.uid, change.entry);
			else this.#setService(change.uid, change.entry);
		}
	}

	ofProcess({ containerId, cgroup }: ContainerFacts): Workload | undefined {
		if (this.#pods.size === 0) return undefined;
		const byContainer = this.#podOfContainer.get(containerId);
		if (byContainer) return this.#workload(byContainer, this.#pods.get(byContainer)?.containers[containerId] ?? "");
		const named = POD_IN_CGROUP.exec(cgroup)?.[1]?.replaceAll("_", "-");
		if (!named) return undefined;
		const uid = this.#podOfHash.get(named) ?? named;
		const pod = this.#pods.get(uid);
		return pod && this.#workload(uid, pod.onlyContainer);
	}

	/** The pod of this node, or the service, that has an address. */
	ofIp(ip: string): Workload | undefined {
		const uid = this.#podOfIp.get(ip);
		const pod = uid && this.#pods.get(uid);
		if (pod) return this.#workload(uid, pod.onlyContainer);
		const service = this.#serviceOfIp.get(ip);
		return service ? this.#workloads.get(service) : undefined;
	}

	#setPod(uid: string, entry: PodEntry | null): void {
		const before = this.#pods.get(uid);
		if (before) {
			for (const id of Object.keys(before.containers)) this.#podOfContainer.delete(id);
			this.#podOfHash.delete(before.staticHash);
			// An address may be another pod's by now.
			for (const ip of before.ips) if (this.#podOfIp.get(ip) === uid) this.#podOfIp.delete(ip);
			for (const name of ["", before.onlyContainer, ...Object.values(before.containers)]) {
				this.#workloads.delete(`${uid}/${name}`);
			}
		}
		this.#pods.delete(uid);
		if (!entry) return;
		this.#pods.set(uid, entry);
		for (const id of Object.keys(entry.containers)) this.#podOfContainer.set(id, uid);
		if (entry.staticHash) this.#podOfHash.set(entry.staticHash, uid);
		for (const ip of entry.ips) this.#podOfIp.set(ip, uid);
	}

	#setService(uid: string, entry: ServiceEntry | null): void {
		for (const ip of this.#services.get(uid)?.ips ?? []) {
			if (this.#serviceOfIp.get(ip) === uid) this.#serviceOfIp.delete(ip);
		}
		this.#services.delete(uid);
		this.#workloads.delete(uid);
		if (!entry) return;
		this.#services.set(uid, entry);
		const { namespace, service } = entry;
		this.#workloads.set(uid, { namespace, pod: "", container: "", owner: "", service });
		for (const ip of entry.ips) this.#serviceOfIp.set(ip, uid);
	}

	#workload(uid: string, container: string): Workload | undefined {
		const key = `${uid}/${container}`;
		const known = this.#workloads.get(key);
		const entry = this.#pods.get(uid);
		if (known || !entry) return known;
		const { namespace, pod, owner, service } = entry;
		const workload = { namespace, pod, container, owner, service };
		this.#workloads.set(key, workload);
		return workload;
	}
}

/** Whether a workload is of a namespace, or of a cluster, that nobody wants to hear of. */
export function isExcluded(
	workload: Workload | undefined,
	excluded: { readonly namespaces: readonly string[]; readonly clusters: readonly string[] },
): boolean {
	if (!workload) return false;
	return (
		excluded.namespaces.includes(workload.namespace) ||
		excluded.clusters.some((cluster) => workload.service.startsWith(`${cluster}::`))
	);
}

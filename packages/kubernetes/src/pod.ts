import type { KubernetesObject } from "./informer.ts";

/** The parts of a pod that are read; everything may be missing in what a server sends. */
export interface PodObject extends KubernetesObject {
	readonly metadata: KubernetesObject["metadata"] & {
		readonly name?: string;
		readonly namespace?: string;
		readonly labels?: Readonly<Record<string, string>>;
		readonly annotations?: Readonly<Record<string, string>>;
		readonly ownerReferences?: readonly {
			readonly kind: string;
			readonly name: string;
			readonly controller?: boolean;
		}[];
	};
	readonly spec?: { readonly hostNetwork?: boolean; readonly containers?: readonly { readonly name: string }[] };
	readonly status?: {
		readonly phase?: string;
		readonly podIPs?: readonly { readonly ip?: string }[];
		readonly podIP?: string;
		readonly containerStatuses?: readonly ContainerStatus[];
		readonly initContainerStatuses?: readonly ContainerStatus[];
		readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
	};
}

interface ContainerStatus {
	readonly name: string;
	/** `containerd://` and 64 hex digits; missing until it runs. */
	readonly containerID?: string;
}

/** What is kept of a pod. */
export interface PodFacts {
	readonly namespace: string;
	readonly name: string;
	/** Such as `Deployment/web`; empty for a pod of its own. */
	readonly owner: string;
	readonly labels: Readonly<Record<string, string>>;
	/** Those that are its own: not the node's, and not those of a pod that has ended. */
	readonly ips: readonly string[];
	/** Container id -> name. */
	readonly containers: Readonly<Record<string, string>>;
	/** Its only container's name, if it has just one. */
	readonly onlyContainer: string;
	/** How the kubelet names a pod of its own (static) in the cgroup, instead of by uid. */
	readonly staticHash: string;
}

const STATIC_HASH = "kubernetes.io/config.hash";

export function podFacts({ metadata, spec = {}, status = {} }: PodObject): PodFacts {
	const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status;
	const containers: Record<string, string> = {};
	for (const { name, containerID } of [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses]) {
		const id = containerID?.split("://").at(-1);
		if (id) containers[id] = name;
	}
	const names = spec.containers?.map(({ name }) => name) ?? [];
	return {
		namespace: metadata.namespace ?? "",
		name: metadata.name ?? "",
		owner: ownerOf(metadata),
		labels: metadata.labels ?? {},
		ips: ownAddresses(spec, status),
		containers,
		onlyContainer: names.length === 1 ? (names[0] ?? "") : "",
		staticHash: metadata.annotations?.[STATIC_HASH] ?? "",
	};
}

/** A replica set that a deployment made has its name with the pod template's hash behind it. */
function ownerOf({ ownerReferences = [], labels = {} }: PodObject["metadata"]): string {
	const owner = ownerReferences.find(({ controller }) => controller) ?? ownerReferences[0];
	if (!owner) return "";
	const suffix = `-${labels["pod-template-hash"]}`;
	if (owner.kind === "ReplicaSet" && owner.name.endsWith(suffix)) {
		return `Deployment/${owner.name.slice(0, -suffix.length)}`;
	}
	// A static pod's mirror is owned by its node.
	return owner.kind === "Node" ? "" : `${owner.kind}/${owner.name}`;
}

function ownAddresses(spec: NonNullable<PodObject["spec"]>, status: NonNullable<PodObject["status"]>): string[] {
	if (spec.hostNetwork || status.phase === "Succeeded" || status.phase === "Failed") return [];
	const all = status.podIPs?.map(({ ip }) => ip) ?? [status.podIP];
	return all.filter((ip) => ip !== undefined && ip !== "") as string[];
}

import { ApiClient } from "./api-client.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { Informer, type InformerOptions, type InformerStats, type KubernetesObject } from "./informer.ts";
import type { KubernetesError } from "./kubernetes-error.ts";
import { type PodFacts, type PodObject, podFacts } from "./pod.ts";
import { type ServiceFacts, type ServiceObject, serviceFacts, serviceOf } from "./service.ts";
import type { PodEntry, WorkloadChange } from "./workload-table.ts";

export interface NodeWorkloadsOptions {
	readonly config: ClusterConfig;
	/** The node whose pods are watched, as the cluster calls it. */
	readonly nodeName: string;
	/** Stands before services' names where a collector hears of several clusters. */
	readonly clusterName?: string;
	/** What tables have to take over. Called with what one message of the server, or one list, has changed. */
	readonly changed: (changes: readonly WorkloadChange[]) => void;
	/** The server could not be read; it will be again after `pauseMs`. What is known stays. */
	readonly failed?: (error: KubernetesError, pauseMs: number) => void;
	readonly backoffMs?: { readonly min: number; readonly max: number };
	readonly pageSize?: number;
}

/**
 * The pods of one node and the cluster's services, kept by two watches of the API server.
 *
 *     API server ──pods of this node──► PodFacts ────┐
 *                ──services───────────► ServiceFacts ┴─ which service means which pod ──► WorkloadChange ──► WorkloadTable(s)
 */
export class NodeWorkloads {
	/** Settles when both first lists are complete. */
	readonly synced: Promise<void>;
	readonly #options: NodeWorkloadsOptions;
	readonly #pods: Map<string, PodFacts> = new Map();
	/** By namespace, then by uid. */
	readonly #services: Map<string, Map<string, ServiceFacts>> = new Map();
	readonly #serviceNamespaces: Map<string, string> = new Map();
	readonly #entries: Map<string, string> = new Map();
	readonly #podInformer: Informer<PodFacts>;
	readonly #serviceInformer: Informer<ServiceFacts>;

	constructor(options: NodeWorkloadsOptions) {
		this.#options = options;
		const client = new ApiClient(options.config);
		const { failed, backoffMs, pageSize } = options;
		const common: Pick<InformerOptions<unknown>, "client" | "failed" | "backoffMs" | "pageSize"> = {
			client,
			...(failed ? { failed } : {}),
			...(backoffMs ? { backoffMs } : {}),
			...(pageSize ? { pageSize } : {}),
		};
		this.#podInformer = new Informer<PodFacts>({
			...common,
			path: "/api/v1/pods",
			query: { fieldSelector: `spec.nodeName=${options.nodeName}` },
			reduce: (object: KubernetesObject) => podFacts(object as PodObject),
			changed: (uid, facts) => this.#podChanged(uid, facts),
		});
		this.#serviceInformer = new Informer<ServiceFacts>({
			...common,
			path: "/api/v1/services",
			reduce: (object: KubernetesObject) => serviceFacts(object as ServiceObject),
			changed: (uid, facts) => this.#serviceChanged(uid, facts),
		});
		this.synced = Promise.all([this.#podInformer.synced, this.#serviceInformer.synced]).then(() => {});
	}

	/** Pods of this node that are known. */
	get pods(): number {
		return this.#pods.size;
	}

	stats(): { readonly pods: InformerStats; readonly services: InformerStats } {
		return { pods: this.#podInformer.stats(), services: this.#serviceInformer.stats() };
	}

	close(): void {
		this.#podInformer.close();
		this.#serviceInformer.close();
	}

	#podChanged(uid: string, facts: PodFacts | undefined): void {
		if (facts) this.#pods.set(uid, facts);
		else this.#pods.delete(uid);
		const change = this.#podChange(uid);
		if (change) this.#options.changed([change]);
	}

	/** A service's selector decides how pods of its namespace are called. */
	#serviceChanged(uid: string, facts: ServiceFacts | undefined): void {
		const before = this.#serviceNamespaces.get(uid) ?? "";
		this.#services.get(before)?.delete(uid);
		this.#serviceNamespaces.delete(uid);
		if (facts) {
			const inNamespace = this.#services.get(facts.namespace) ?? new Map<string, ServiceFacts>();
			this.#services.set(facts.namespace, inNamespace.set(uid, facts));
			this.#serviceNamespaces.set(uid, facts.namespace);
		}
		const namespace = facts?.namespace ?? before;
		const changes: WorkloadChange[] = [
			{
				kind: "service",
				uid,
				entry: facts ? { namespace, service: this.#fullName(facts.name, namespace), ips: facts.ips } : null,
			},
		];
		for (const [pod, { namespace: podNamespace }] of this.#pods) {
			const change = podNamespace === namespace ? this.#podChange(pod) : undefined;
			if (change) changes.push(change);
		}
		this.#options.changed(changes);
	}

	/** What tables do not know yet of a pod: most of a pod's changes are none for them. */
	#podChange(uid: string): WorkloadChange | undefined {
		const facts = this.#pods.get(uid);
		const entry = facts ? this.#entry(facts) : null;
		const text = JSON.stringify(entry);
		if (this.#entries.get(uid) === text) return undefined;
		if (entry) this.#entries.set(uid, text);
		else this.#entries.delete(uid);
		return { kind: "pod", uid, entry };
	}

	#entry({ namespace, name, owner, labels, ips, containers, onlyContainer, staticHash }: PodFacts): PodEntry {
		const service = serviceOf(this.#services.get(namespace)?.values() ?? [], namespace, labels);
		const called = this.#fullName(service || owner.split("/")[1] || name, namespace);
		return { namespace, pod: name, owner, service: called, ips, containers, onlyContainer, staticHash };
	}

	#fullName(name: string, namespace: string): string {
		const { clusterName } = this.#options;
		return `${clusterName ? `${clusterName}::` : ""}${name}.${namespace}`;
	}
}

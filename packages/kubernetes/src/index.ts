/**
 * Which pod, container, owner and service a process of this node belongs to.
 *
 * {@link NodeWorkloads} watches the pods of one node and the cluster's services at the API server, and tells what has changed;
 * {@link WorkloadTable} takes that over, on this thread or another, and answers at once: a lookup is never a request. Both live until
 * they are closed or dropped; the watch needs an event loop, the table nothing.
 *
 * Nothing is written to the cluster. What the server is asked for: `list` and `watch` of pods and services.
 *
 * @module
 */
export { type ClusterConfig, inClusterConfig, kubeconfig, kubeconfigPath } from "./cluster-config.ts";
export type { InformerStats } from "./informer.ts";
export { KubernetesError, type KubernetesErrorCode } from "./kubernetes-error.ts";
export { NodeWorkloads, type NodeWorkloadsOptions } from "./node-workloads.ts";
export {
	type ContainerFacts,
	isExcluded,
	type PodEntry,
	type ServiceEntry,
	type Workload,
	type WorkloadChange,
	WorkloadTable,
} from "./workload-table.ts";

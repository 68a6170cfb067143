import type { Setting } from "./setting.ts";

const TEXT = { kind: "text" } as const;
const FILE = { kind: "file" } as const;

/** The keys of `process_discovery`: whose processes these are. */
export const PROCESS_SETTINGS: readonly Setting[] = [
	{
		key: "process_discovery.kubernetes.active",
		option: "kubernetes",
		type: { kind: "choice", choices: ["auto", "on", "off"], also: { true: "on", false: "off" } },
		default: "auto",
		about:
			"Name pods and services: `auto` only within a pod; `on` also by a kubeconfig. true and false are on and off.",
		env: "ROVER_PROCESS_DISCOVERY_KUBERNETES_ACTIVE",
		reload: "restart",
	},
	{
		key: "process_discovery.kubernetes.node_name",
		option: "node-name",
		type: TEXT,
		default: "",
		about: "This node's name in the cluster; $NODE_NAME, else the host's, if not told.",
		env: "ROVER_PROCESS_DISCOVERY_KUBERNETES_NODE_NAME",
		reload: "restart",
	},
	{
		key: "process_discovery.kubernetes.kubeconfig",
		option: "kubeconfig",
		type: FILE,
		default: "",
		about: "How the API server is reached from outside of a pod.",
		reload: "restart",
	},
	{
		key: "process_discovery.host_proc",
		option: "host-proc",
		type: FILE,
		default: "/proc",
		about: "Where the host's /proc is, if the agent's own shows a container's processes.",
		env: "ROVER_HOST_PROC_MAPPING",
		reload: "restart",
	},
];

import { createServer } from "node:net";
import { NodeWorkloads } from "@wirescribe/kubernetes";
import type { KubernetesOptions } from "../cli/kubernetes-options.ts";

const CLUSTER_MS = 5_000;

/** Listens for a moment: why that cannot be done, or undefined when it can. */
export function whyPortFails({ host, port }: { host: string; port: number }): Promise<string | undefined> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", (error: NodeJS.ErrnoException) =>
			resolve(`cannot be listened on: ${error.code ?? error.message}`),
		);
		server.listen(port, host, () => server.close(() => resolve(undefined)));
	});
}

/** Asks the API server for this node's pods and the cluster's services, as `run` would. */
export async function whyClusterFails({
	config,
	nodeName,
}: KubernetesOptions): Promise<{ readonly failure: string | undefined; readonly pods: number }> {
	const { promise, resolve } = Promise.withResolvers<string | undefined>();
	const timer = setTimeout(
		() => resolve(`${config.server} does not answer completely within ${CLUSTER_MS / 1000} s`),
		CLUSTER_MS,
	);
	const workloads = new NodeWorkloads({
		config,
		nodeName,
		changed: () => {},
		failed: ({ message }) => resolve(message),
	});
	void workloads.synced.then(() => resolve(undefined));
	try {
		return { failure: await promise, pods: workloads.pods };
	} finally {
		clearTimeout(timer);
		workloads.close();
	}
}

import type { Capture } from "@wirescribe/bpf-programs";
import { type WorkloadChange, WorkloadTable } from "@wirescribe/kubernetes";
import type { WatchOptions } from "../cli/watch-options.ts";
import { type KubernetesState, type KubernetesWatch, watchKubernetes } from "./kubernetes-watch.ts";
import { type ProcessEvent, ProcessEvents } from "./process-events.ts";
import { ProcessFilter } from "./process-filter.ts";
import type { WatchSelection } from "./selection.ts";
import { TlsWatch } from "./tls-watch.ts";

/** Whoever keeps a picture of processes and workloads: the partitions. */
export interface SurroundingsListener {
	processEvents(events: readonly ProcessEvent[]): void;
	workloadsChanged(changes: readonly WorkloadChange[]): void;
}

/**
 * What goes on around the connections, watched beside their events: processes that start and end, the TLS libraries that they load,
 * the pods that they belong to. Told to the kernel (whom to leave out) and to the partitions.
 */
export class Surroundings {
	readonly tls: TlsWatch;
	readonly #processes: ProcessEvents;
	readonly #cluster: KubernetesWatch;
	readonly #filter: ProcessFilter;

	private constructor(processes: ProcessEvents, tls: TlsWatch, cluster: KubernetesWatch, filter: ProcessFilter) {
		this.#processes = processes;
		this.tls = tls;
		this.#cluster = cluster;
		this.#filter = filter;
	}

	/** Undefined: no cluster is asked. */
	get kubernetes(): KubernetesState | undefined {
		return this.#cluster.state();
	}

	/** Takes what has come of processes: who is about to read connections wants to know it first. */
	poll(): void {
		this.#processes.poll();
	}

	static async watch(capture: Capture, options: WatchOptions, listener: SurroundingsListener): Promise<Surroundings> {
		const processes = new ProcessEvents(capture);
		processes.subscribe((events) => listener.processEvents(events));
		const workloads = new WorkloadTable();
		let filter: ProcessFilter | undefined;
		const cluster = await watchKubernetes(options, (changes) => {
			workloads.apply(changes);
			listener.workloadsChanged(changes);
			if (changes.some(({ entry }) => entry && filter?.excludes(entry.namespace))) filter?.rescan();
		});
		filter = new ProcessFilter(capture, processes, options, workloads);
		return new Surroundings(processes, new TlsWatch(capture, processes, options), cluster, filter);
	}

	/** Leaves out processes by another selection from now on. */
	reselect(selection: WatchSelection): void {
		this.#filter.reselect(selection);
	}

	/** Nothing new is looked at. */
	stop(): void {
		this.#processes.stop();
		this.#cluster.close();
		this.tls.stop();
	}
}

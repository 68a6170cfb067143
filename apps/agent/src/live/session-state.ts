import type { Capture } from "@wirescribe/bpf-programs";
import type { Ledger } from "@wirescribe/pipeline";
import type { DeliveryState } from "../output/outlet.ts";
import type { ProtectionState } from "../protection/protection.ts";
import type { KubernetesState } from "./kubernetes-watch.ts";
import type { PartitionState } from "./partition.ts";

/** A running capture at one moment: the ledger and everything beside it. Plain data. */
export interface SessionState {
	readonly ledger: Ledger;
	readonly counters: ReturnType<Capture["counters"]>;
	/** What the programs are attached to. */
	readonly attached: readonly string[];
	readonly missing: Capture["missing"];
	readonly reads: Capture["reads"];
	/** What each program has cost; zeros unless the kernel counts it (`--measure-probes`). */
	readonly programs: ReturnType<Capture["programs"]>;
	readonly partitions: readonly Omit<PartitionState, "ledger">[];
	/** Bytes that each partition's queue can hold. */
	readonly queueBytes: number;
	readonly delivery: DeliveryState;
	/** Workers that were replaced. */
	readonly restarts: number;
	/** Undefined: no cluster is asked. */
	readonly kubernetes: KubernetesState | undefined;
	readonly protection: ProtectionState;
}

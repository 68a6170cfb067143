import type { RecordCounts } from "@wirescribe/pipeline";
import type { LaneState } from "@wirescribe/sender";

/** How delivery stands. */
export interface DeliveryState {
	/** Connections to the backend; none where there is no backend. */
	readonly lanes: readonly LaneState[];
	/** Bytes of the records that wait in memory. */
	readonly retainedBytes: number;
}

/** Where finished frames leave the agent. */
export interface Outlet {
	/** Takes one partition's frames; the buffer is the outlet's from then on. */
	frames(buffer: ArrayBuffer): void;
	counts(): RecordCounts;
	/** So much of the memory for records that wait may be used: 0 to 1. Absent where none wait. */
	limitRetained?(part: number): void;
	/** Absent where there is no connection and nothing waits. */
	state?(): DeliveryState;
	/** Settles when all that it has taken so far is delivered, on disk or lost. */
	drained(): Promise<void>;
	/** Hands over what is left, at most for `deadlineMs`. */
	close(deadlineMs: number): Promise<void>;
}

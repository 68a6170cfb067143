import type { RecordCounts } from "@wirescribe/pipeline";

/** Where finished frames leave the agent. */
export interface Outlet {
	/** Takes one partition's frames; the buffer is the outlet's from then on. */
	frames(buffer: ArrayBuffer): void;
	counts(): RecordCounts;
	/** Settles when all that it has taken so far is delivered, on disk or lost. */
	drained(): Promise<void>;
	/** Hands over what is left, at most for `deadlineMs`. */
	close(deadlineMs: number): Promise<void>;
}

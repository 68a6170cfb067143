import type { RecordCounts } from "@wirescribe/pipeline";

/** Where finished frames leave the agent. */
export interface Outlet {
	/** Takes one partition's frames; the buffer is the outlet's from then on. */
	frames(buffer: ArrayBuffer): void;
	counts(): RecordCounts;
	/** Hands over what is left, at most for `deadlineMs`. */
	close(deadlineMs: number): Promise<void>;
}

import type { LostRecords } from "./ledger.ts";

/** What happens to the connection and to units: for logs. `message` is one sentence. */
export type SenderEvent =
	| { readonly type: "connected"; readonly message: string; readonly lane: number }
	| { readonly type: "disconnected"; readonly message: string; readonly lane: number }
	| { readonly type: "retry"; readonly message: string; readonly code: number; readonly inMs: number }
	| { readonly type: "split"; readonly message: string; readonly records: number }
	| {
			readonly type: "lost";
			readonly message: string;
			readonly reason: keyof LostRecords;
			readonly records: number;
	  }
	/** A unit was acknowledged: for a log at debug level. */
	| { readonly type: "acked"; readonly message: string; readonly unit: string; readonly records: number }
	/** What was delivered and lost since the last one; not sent when nothing was. */
	| {
			readonly type: "summary";
			readonly message: string;
			readonly acked: number;
			readonly lost: number;
	  }
	/** The disk: what was found there, set aside, or could not be written. */
	| { readonly type: "spool"; readonly message: string };

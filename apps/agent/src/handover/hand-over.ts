import { monotonicClock } from "@wirescribe/connections";
import type { Session } from "../live/session.ts";
import type { Successor } from "./control-server.ts";
import { HANDOVER_MS } from "./handover-output.ts";

const LOOK_MS = 100;

/** Goes on reading until the requests that began before the change have been answered, or have had their time. */
export async function finishOwnRequests(session: Session, { atNs }: Successor): Promise<void> {
	const nowNs = monotonicClock();
	const endNs = atNs + HANDOVER_MS * 1e6;
	for (;;) {
		await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
		const now = nowNs();
		if (now > endNs) return;
		if (now > atNs && (await session.ledger()).messages.open === 0) return;
	}
}

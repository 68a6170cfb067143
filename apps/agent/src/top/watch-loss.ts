import type { LiveView } from "@wirescribe/live-view";
import { type Ledger, sum } from "@wirescribe/pipeline";
import type { Session } from "../live/session.ts";

/** How often it is asked whether something was lost. */
const ASK_MS = 2_000;

/** What a ledger has lost, in words; undefined: nothing. */
export function lossText({ operations, messages }: Ledger): string | undefined {
	const lost = Object.entries(operations?.lost ?? {}).filter(([, count]) => count > 0);
	if (lost.length === 0 && messages.lost === 0) return undefined;
	const reasons = lost.map(([reason, count]) => `${reason} ${count}`).join(", ");
	return `lost: ${sum(operations?.lost ?? {})} operations${reasons && ` (${reasons})`}: what is shown is not all there was`;
}

/** Keeps a view's notice at what the session has lost; returns what ends that. */
export function watchLoss(session: Session, view: LiveView): () => void {
	const timer = setInterval(async () => {
		const loss = lossText(await session.ledger());
		if (loss !== undefined) view.notice(loss);
	}, ASK_MS);
	return () => clearInterval(timer);
}

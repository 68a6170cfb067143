import { setInterval } from "node:timers";
import type { SenderEvent } from "./events.ts";
import type { Books } from "./ledger.ts";

/** Tells every `periodMs` what was delivered and lost in it, if anything was. Answers how to stop; keeps no process alive. */
export function startSummaries(books: Books, periodMs: number, emit: (event: SenderEvent) => void): () => void {
	let before = { acked: 0, lost: 0 };
	const timer = setInterval(() => {
		const { acked, lost, retained, spooled } = books.ledger();
		const now = { acked, lost: Object.values(lost).reduce((sum, count) => sum + count, 0) };
		const delivered = now.acked - before.acked;
		const gone = now.lost - before.lost;
		before = now;
		if (delivered === 0 && gone === 0) return;
		const seconds = Math.round(periodMs / 1000);
		const message = `${delivered} records delivered and ${gone} lost in ${seconds} s; ${retained} in memory, ${spooled} on disk`;
		emit({ type: "summary", acked: delivered, lost: gone, message });
	}, periodMs);
	timer.unref();
	return () => clearInterval(timer);
}

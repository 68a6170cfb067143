import type { Transport, UnitStatus, UnitStream } from "./transport.ts";
import type { Unit } from "./unit.ts";

const CANCELLED = 1;
const ABORTED = 10;

export interface AttemptOptions {
	readonly deadlineMs: number;
	readonly noProgressMs: number;
}

/** One try to deliver a unit. */
export interface Attempt {
	/** How it ended; `exposed`: how many records may have reached the peer. Never rejects. */
	readonly outcome: Promise<{ readonly status: UnitStatus; readonly exposed: number }>;
	cancel(): void;
}

/** Opens a stream and writes the whole unit into it, at the peer's pace. */
export function startAttempt(transport: Transport, unit: Unit, options: AttemptOptions): Attempt {
	const stream = transport.open({ id: unit.id, deadlineMs: options.deadlineMs });
	return { outcome: deliver(stream, unit, options.noProgressMs), cancel: () => stream.cancel() };
}

async function deliver(stream: UnitStream, unit: Unit, noProgressMs: number): Promise<Awaited<Attempt["outcome"]>> {
	let over = false;
	let stalled = false;
	const ended = stream.status.then(() => {
		over = true;
	});
	const stall = (): void => {
		stalled = true;
		stream.cancel();
	};
	let timer = setTimeout(stall, noProgressMs);
	let written = 0;
	let start = 0;
	for (const end of unit.ends) {
		if (over) break;
		written++;
		const more = stream.write(unit.bytes.subarray(start, end));
		start = end;
		if (more) continue;
		await Promise.race([stream.drain(), ended]);
		clearTimeout(timer);
		timer = setTimeout(stall, noProgressMs);
	}
	const complete = !over;
	if (complete) stream.end();
	const status = await stream.status;
	clearTimeout(timer);
	const exposed = status.reached ? written : 0;
	if (stalled) {
		return { status: { ...status, code: CANCELLED, message: `no progress for ${noProgressMs} ms` }, exposed };
	}
	if (status.code === 0 && !complete) {
		// An OK that came before the last message cannot mean all of them.
		return { status: { ...status, code: ABORTED, message: "answered OK before the stream was complete" }, exposed };
	}
	return { status, exposed };
}

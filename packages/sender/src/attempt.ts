import { PREFIX_BYTES, type Transport, type UnitStatus, type UnitStream } from "./transport.ts";
import type { Unit } from "./unit.ts";

/** Large enough that a write's price does not matter, small enough that a slow peer shows progress. */
const SLAB_BYTES = 64 * 1024;
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
	const { frames, ends } = unit;
	let message = 0;
	let at = 0;
	while (at < frames.length && !over) {
		const from = at;
		at = stream.writeFrames === undefined ? ends[message++]! : Math.min(from + SLAB_BYTES, frames.length);
		const more =
			stream.writeFrames?.(frames.subarray(from, at)) ?? stream.write(frames.subarray(from + PREFIX_BYTES, at));
		if (more) continue;
		await Promise.race([stream.drain(), ended]);
		clearTimeout(timer);
		timer = setTimeout(stall, noProgressMs);
	}
	const complete = !over;
	if (complete) stream.end();
	const status = await stream.status;
	clearTimeout(timer);
	const exposed = status.reached ? (at === frames.length ? ends.length : ends.findIndex((end) => end > at)) : 0;
	if (stalled) {
		return { status: { ...status, code: CANCELLED, message: `no progress for ${noProgressMs} ms` }, exposed };
	}
	if (status.code === 0 && !complete) {
		// An OK that came before the last message cannot mean all of them.
		return { status: { ...status, code: ABORTED, message: "answered OK before the stream was complete" }, exposed };
	}
	return { status, exposed };
}

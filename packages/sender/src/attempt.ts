import { PREFIX_BYTES, type Transport, type UnitStatus, type UnitStream } from "./transport.ts";
import { messagesOf, type UnitBytes, wholeMessages } from "./unit-bytes.ts";

const CANCELLED = 1;
const ABORTED = 10;

export interface AttemptOptions {
	readonly deadlineMs: number;
	readonly noProgressMs: number;
}

export interface AttemptOutcome {
	readonly status: UnitStatus;
	/** How many records may have reached the peer. */
	readonly exposed: number;
	/** The stream took all of the unit. */
	readonly written: boolean;
}

/** One try to deliver a unit. */
export interface Attempt {
	/** How it ended. Never rejects. */
	readonly outcome: Promise<AttemptOutcome>;
	cancel(): void;
}

/** Opens a stream and writes the whole unit into it, at the peer's pace. */
export function startAttempt(transport: Transport, id: string, unit: UnitBytes, options: AttemptOptions): Attempt {
	const stream = transport.open({ id, deadlineMs: options.deadlineMs });
	return { outcome: deliver(stream, unit, options.noProgressMs), cancel: () => stream.cancel() };
}

async function deliver(stream: UnitStream, unit: UnitBytes, noProgressMs: number): Promise<AttemptOutcome> {
	let over = false;
	const ended = stream.status.then(() => {
		over = true;
	});
	const watch = watchProgress(stream, noProgressMs);
	/** Bytes that the stream has taken. */
	let taken = 0;
	for (const part of stream.writeFrames === undefined ? messagesOf(unit) : unit.slabs) {
		if (over) break;
		taken += stream.writeFrames === undefined ? PREFIX_BYTES + part.length : part.length;
		if (stream.writeFrames?.(part) ?? stream.write(part)) continue;
		await Promise.race([stream.drain(), ended]);
		watch.progress();
	}
	const complete = !over;
	if (complete) stream.end();
	const status = await stream.status;
	watch.stop();
	const written = taken === unit.length;
	const exposed = status.reached ? (written ? unit.preambles.length : wholeMessages(unit, taken)) : 0;
	if (watch.stalled()) {
		const message = `no progress for ${noProgressMs} ms`;
		return { status: { ...status, code: CANCELLED, message, broken: true }, exposed, written };
	}
	if (status.code === 0 && !complete) {
		// An OK that came before the last message cannot mean all of them.
		const message = "answered OK before the stream was complete";
		return { status: { ...status, code: ABORTED, message }, exposed, written };
	}
	return { status, exposed, written };
}

interface ProgressWatch {
	progress(): void;
	stalled(): boolean;
	stop(): void;
}

const LOOKS = 4;

/**
 * Breaks the stream off when it waits for the peer for so long and has heard nothing from there: what it wrote has not
 * been taken, or its end not answered. A black hole shows in no other way, as pings would make servers hang up.
 */
function watchProgress(stream: UnitStream, noProgressMs: number): ProgressWatch {
	let silent = 0;
	let heard = stream.heard?.() ?? 0;
	const timer = setInterval(() => {
		const now = stream.heard?.() ?? 0;
		silent = now === heard ? silent + 1 : 0;
		heard = now;
		if (silent < LOOKS) return;
		clearInterval(timer);
		stream.cancel();
	}, noProgressMs / LOOKS);
	return {
		progress(): void {
			silent = 0;
		},
		stalled: () => silent >= LOOKS,
		stop: () => clearInterval(timer),
	};
}

import { type Attempt, type AttemptOutcome, startAttempt } from "./attempt.ts";
import type { SenderEvent } from "./events.ts";
import type { Books } from "./ledger.ts";
import type { SenderLimits } from "./options.ts";
import type { TokenBucket } from "./rate.ts";
import { backoffMs, type RetryOptions, verdictOn } from "./retry.ts";
import type { Transport, UnitStatus } from "./transport.ts";
import { createUnit, type Unit } from "./unit.ts";
import { splitUnit, type UnitBytes } from "./unit-bytes.ts";

/** While shutting down there is no time for long waits. */
const SHUTDOWN_RETRY_MS = 250;
const DEADLINE_EXCEEDED = 4;
/** So often a stream may break before its end, until its unit is cut. */
const CUT_OFF_TRIES = 3;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What strands need of their sender. */
export interface StrandHost {
	readonly limits: SenderLimits;
	readonly retry: RetryOptions;
	readonly books: Books;
	readonly bucket: TokenBucket | null;
	/** No more records come: deliver without long waits. */
	readonly closing: boolean;
	readonly emit: (event: SenderEvent) => void;
	/** The unit has left its strand, for whatever reason: memory and disk are free. */
	released(unit: Unit): void;
	/** Brings the unit back from the disk; null: it is not there any more, and is counted as lost. */
	load(unit: Unit): UnitBytes | null;
	/** The unit was cut: what is on disk changes likewise. */
	replaced(unit: Unit, halves: readonly Unit[], strand: Strand): void;
	/** The strand's lane fails: its units may go elsewhere. True: they have gone. */
	moveAway(strand: Strand): boolean;
}

/**
 * A row of units that leave one after another: the head stays until it is acked or lost, so what is in one strand arrives
 * in order, whatever is tried again.
 */
export class Strand {
	readonly lane: number;
	readonly queue: Unit[] = [];
	/** Failures in a row. */
	failures: number = 0;
	/** Bytes of the queue. */
	pendingBytes: number = 0;
	readonly #host: StrandHost;
	readonly #transport: Transport;
	#attempt: Attempt | null = null;
	#running = false;
	#stopped = false;
	#endWait: (() => void) | null = null;

	constructor(host: StrandHost, transport: Transport, lane: number) {
		this.#host = host;
		this.#transport = transport;
		this.lane = lane;
	}

	push(unit: Unit): void {
		this.queue.push(unit);
		this.pendingBytes += unit.length;
		this.begin();
	}

	begin(): void {
		if (!this.#running) void this.#run();
	}

	/** The oldest unit in memory that is not on its way. */
	oldestIdle(): Unit | undefined {
		return this.queue.find((unit) => !unit.inFlight && unit.bytes !== null);
	}

	/** Takes a unit out. */
	remove(unit: Unit): void {
		this.queue.splice(this.queue.indexOf(unit), 1);
		this.pendingBytes -= unit.length;
		this.#host.released(unit);
	}

	/** Takes all units out that are not on their way, for another strand. */
	takeIdle(): readonly Unit[] {
		const taken = this.queue.splice(this.queue[0]?.inFlight ? 1 : 0);
		for (const unit of taken) this.pendingBytes -= unit.length;
		return taken;
	}

	/** Tries again at once. */
	hurry(): void {
		this.#endWait?.();
	}

	stop(): void {
		this.#stopped = true;
		this.#endWait?.();
		this.#attempt?.cancel();
	}

	/** Delivers until nothing is left. */
	async #run(): Promise<void> {
		this.#running = true;
		for (let unit = this.queue[0]; unit !== undefined && !this.#stopped; unit = this.queue[0]) {
			const waitMs = this.#host.bucket?.waitMs() || (await this.#try(unit));
			if (waitMs > 0 && !this.#stopped) await this.#wait(waitMs);
		}
		this.#running = false;
	}

	/** Answers how long to wait before the next try of this or another unit. */
	async #try(unit: Unit): Promise<number> {
		const { books, limits } = this.#host;
		const bytes = unit.bytes ?? this.#host.load(unit);
		if (bytes === null) {
			this.remove(unit);
			return 0;
		}
		this.#host.bucket?.spend(unit.length);
		if (unit.exposed > 0) books.resend(unit.exposed);
		const beginMs = performance.now();
		unit.firstTryMs ??= beginMs;
		unit.inFlight = true;
		this.#attempt = startAttempt(this.#transport, unit.id, bytes, limits);
		const outcome = await this.#attempt.outcome;
		this.#attempt = null;
		unit.inFlight = false;
		// Behind a final status of the peer's own nobody reads what may still be on its way.
		if (!outcome.written || outcome.status.broken) unit.lent = true;
		if (this.#stopped) return 0;
		unit.exposed = Math.max(unit.exposed, outcome.exposed);
		if (outcome.status.code === 0) {
			this.#acked(unit, outcome.status, performance.now() - beginMs);
			return 0;
		}
		return this.#failed(unit, bytes, outcome);
	}

	#failed(unit: Unit, bytes: UnitBytes, { status, written }: AttemptOutcome): number {
		const why = `${this.#transport.name} answered ${status.code} (${status.message})`;
		const verdict = verdictOn(status);
		if (verdict === "too-large" && unit.records > 1) {
			this.#split(unit, bytes, why);
			return 0;
		}
		if (verdict !== "retry") {
			this.#lose(unit, verdict === "final" ? "permanent" : "oversize", why);
			return 0;
		}
		// It would never end in time, or the peer drops it half-way for a reason that is lost (Node may swallow a status that
		// comes with a reset): half of it may pass, and what cannot is found.
		if (!written && status.broken && status.reached) unit.cutOff++;
		const hopeless = status.code === DEADLINE_EXCEEDED || unit.cutOff >= CUT_OFF_TRIES;
		if (!written && hopeless && unit.records > 1) this.#split(unit, bytes, why);
		return this.#retryLater(unit, status, why);
	}

	#retryLater(unit: Unit, status: UnitStatus, why: string): number {
		const { retry, closing } = this.#host;
		const drawnMs = backoffMs(retry, ++this.failures, Math.random());
		const ownMs = status.elsewhere ? 0 : closing ? Math.min(drawnMs, SHUTDOWN_RETRY_MS) : drawnMs;
		const inMs = Math.max(ownMs, status.retryDelayMs ?? 0);
		const elapsedMs = performance.now() - (unit.firstTryMs ?? 0);
		if (retry.maxElapsedMs > 0 && elapsedMs + inMs > retry.maxElapsedMs && this.queue[0] === unit) {
			this.#lose(unit, "expired", `given up after ${Math.round(elapsedMs)} ms; ${why}`);
		} else {
			const message = `${why}; next try in ${Math.round(inMs)} ms`;
			this.#host.emit({ type: "retry", code: status.code, inMs, message });
		}
		this.#host.moveAway(this);
		// The peer needs its pause also when the unit is given up or gone: the next one would meet the same.
		return inMs;
	}

	#split(unit: Unit, bytes: UnitBytes, why: string): void {
		const halves = splitUnit(bytes).map((half, n) => {
			const part = createUnit(`${unit.id}.${n + 1}`, unit.age, half);
			part.firstTryMs = unit.firstTryMs;
			part.exposed = Math.max(0, Math.min(part.records, unit.exposed - n * (unit.records - part.records)));
			return part;
		});
		const { books } = this.#host;
		this.queue.splice(0, 1, ...halves);
		for (const half of halves) {
			this.pendingBytes += half.length;
			books.bytes += half.length;
			books.units++;
		}
		this.pendingBytes -= unit.length;
		books.bytes -= unit.length;
		books.units--;
		this.#host.replaced(unit, halves, this);
		void Promise.all(halves.map((half) => half.settled)).then(unit.settle);
		this.#host.emit({
			type: "split",
			records: unit.records,
			message: `Unit of ${unit.records} records cut in two: ${why}`,
		});
	}

	#lose(unit: Unit, reason: "permanent" | "oversize" | "expired", why: string): void {
		this.#host.books.lose(reason, unit.records, "memory");
		this.remove(unit);
		this.#host.emit({ type: "lost", reason, records: unit.records, message: `${unit.records} records lost: ${why}` });
	}

	#acked(unit: Unit, status: UnitStatus, ms: number): void {
		const { books, emit } = this.#host;
		const { id, records, length } = unit;
		const rejected = Math.min(status.rejected ?? 0, records);
		this.failures = 0;
		books.ack(records - rejected);
		books.lose("permanent", rejected, "memory");
		this.remove(unit);
		const size = `${records} records, ${length} bytes, ${Math.round(ms)} ms`;
		emit({ type: "acked", unit: id, records: records - rejected, message: `Unit ${id} acknowledged: ${size}` });
		if (rejected === 0) return;
		const message = `${rejected} records lost: ${this.#transport.name} did not want them (${status.message})`;
		emit({ type: "lost", reason: "permanent", records: rejected, message });
	}

	#wait(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const end = (): void => {
				clearTimeout(timer);
				this.#endWait = null;
				resolve();
			};
			const timer = setTimeout(end, Math.min(ms, MAX_TIMER_MS));
			this.#endWait = end;
		});
	}
}

import { type Dispatch, leastPending, oldestIdle, roundRobin, slotOf } from "./dispatch.ts";
import type { SenderEvent } from "./events.ts";
import { openLanes } from "./lanes.ts";
import { Books, type LostRecords, type SenderLedger } from "./ledger.ts";
import { OpenUnit } from "./open-unit.ts";
import { limitsOf, type SenderLimits, type SenderOptions } from "./options.ts";
import { TokenBucket } from "./rate.ts";
import { DEFAULT_RETRY, type RetryOptions } from "./retry.ts";
import type { EnqueueResult, LaneState, Sender } from "./sender-interface.ts";
import { SlabPool } from "./slabs.ts";
import { Spooler } from "./spooler.ts";
import { Strand, type StrandHost } from "./strand.ts";
import { startSummaries } from "./summaries.ts";
import { PREFIX_BYTES, type Transport } from "./transport.ts";
import { createUnit, type SenderRecord, type Unit } from "./unit.ts";
import type { UnitBytes } from "./unit-bytes.ts";

const nothing = new Uint8Array(0);

/** A sender over a transport, or one for each lane, which it owns from now on. */
export function createSender(options: SenderOptions): Sender {
	return new RetainingSender(options);
}

/*
 *              by key: one open unit for each strand                  lane = one connection
 *   enqueue -> [open unit] -> strand [ head | unit | unit ] -> stream \
 *   enqueue -> [open unit] -> strand [ head | unit ]        -> stream  > transport -> acked | lost
 *               1 MiB, 1 s            ^ stays until its final status
 *
 * A strand has one stream at a time, so its order is kept. Other dispatches have one open unit; the closed one goes to the
 * strand that they choose.
 */
class RetainingSender implements Sender, StrandHost {
	limits: SenderLimits;
	readonly retry: RetryOptions;
	readonly books: Books = new Books();
	readonly bucket: TokenBucket | null;
	readonly emit: (event: SenderEvent) => void;
	readonly #header: () => Uint8Array;
	/** Of records that are not taken beyond the rate; `bucket` is of units that wait. */
	readonly #intake: TokenBucket | null;
	readonly #transports: readonly Transport[];
	readonly #connected: boolean[];
	readonly #strands: readonly Strand[];
	readonly #open: readonly OpenUnit[];
	/** Null: by key. */
	readonly #dispatch: Dispatch | null;
	readonly #idPrefix = crypto.randomUUID();
	readonly #stopSummaries: () => void;
	readonly #spooler: Spooler | null;
	readonly #pool = new SlabPool();
	#unitCount = 0;
	#waiting: (() => void)[] = [];
	/** What the record needs that was refused last. */
	#wanted = 1;
	#closing: Promise<SenderLedger> | null = null;

	constructor(options: SenderOptions) {
		const { header, retry, rate, spool, onEvent } = options;
		this.limits = limitsOf(options);
		this.retry = { ...DEFAULT_RETRY, ...(spool === undefined ? {} : { maxElapsedMs: 0 }), ...retry };
		const bucket = rate === undefined ? null : new TokenBucket(rate);
		this.bucket = rate?.over === "drop" ? null : bucket;
		this.#intake = rate?.over === "drop" ? bucket : null;
		this.#header = header ?? (() => nothing);
		// In a turn of its own: a handler that throws, or that calls the sender, must not meet it in the middle of its work.
		this.emit = onEvent === undefined ? () => {} : (event) => queueMicrotask(() => onEvent(event));
		const { dispatch, streams, summaryMs } = this.limits;
		this.#transports = openLanes(options.transport, options.lanes ?? 1);
		this.#connected = this.#transports.map(() => false);
		this.#strands = this.#transports.flatMap((transport, lane) =>
			Array.from({ length: streams }, () => new Strand(this, transport, lane)),
		);
		this.#dispatch = dispatch === "key" ? null : dispatch === "round-robin" ? roundRobin() : leastPending();
		this.#open = (this.#dispatch === null ? this.#strands : [null]).map((_, slot) => new OpenUnit(slot, this.#pool));
		this.#transports.forEach((transport, lane) => {
			transport.onConnection = ({ connected }) => this.#connectionChanged(transport, lane, connected);
		});
		this.#spooler = spool === undefined ? null : new Spooler(spool, this.books, this.#strands, this.emit);
		this.#stopSummaries = startSummaries(this.books, summaryMs, this.emit);
	}

	get closing(): boolean {
		return this.#closing !== null;
	}

	enqueue(record: SenderRecord): EnqueueResult {
		const open = this.#admit(record.key, record.preamble.length + record.body.length);
		if (typeof open === "string") return open;
		const before = open.builder.length;
		open.builder.append(record, open.header);
		return this.#took(open, before);
	}

	enqueueFrom(
		bytes: Uint8Array,
		start: number,
		bodyStart: number,
		end: number,
		key: number | string,
		version: number,
	): EnqueueResult {
		const open = this.#admit(key, end - start);
		if (typeof open === "string") return open;
		const before = open.builder.length;
		open.builder.appendFrom(bytes, start, bodyStart, end, key, version, open.header);
		return this.#took(open, before);
	}

	/** The unit that has room for a record of the key; or why it cannot be taken. */
	#admit(key: number | string, bytes: number): OpenUnit | EnqueueResult {
		if (this.#closing !== null) return this.#refuse("shutdown", "closed");
		const open = this.#open[slotOf(key, this.#open.length)] as OpenUnit;
		const { builder } = open;
		const { maxMessageBytes, maxUnitBytes, maxRetainedBytes, maxRetainedUnits } = this.limits;
		if (builder.records === 0) open.header = this.#header();
		const message = open.header.length + bytes;
		if (message > maxMessageBytes) return this.#refuse("oversize", "too-large");
		const framed = message + PREFIX_BYTES;
		if (builder.records > 0 && builder.length + framed > maxUnitBytes) {
			this.#closeUnit(open);
			open.header = this.#header();
		}
		const { books } = this;
		const full = books.bytes + framed > maxRetainedBytes || books.units >= maxRetainedUnits;
		if (full && !this.#makeRoom(framed)) return this.#full(framed);
		if (this.#intake?.trySpend(framed) === false) return this.#refuse("queue", "full");
		return open;
	}

	/** The record is in the open unit, which had `before` bytes. */
	#took(open: OpenUnit, before: number): EnqueueResult {
		const { books, limits } = this;
		const { builder } = open;
		if (before === 0) open.timer = setTimeout(() => this.#closeUnit(open), limits.maxUnitAgeMs);
		books.take();
		books.bytes += builder.length - before;
		if (builder.length >= limits.maxUnitBytes) this.#closeUnit(open);
		return "accepted";
	}

	room(): Promise<void> {
		if (this.closing || this.#hasRoom(this.#wanted)) return Promise.resolve();
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	async flush(): Promise<void> {
		this.#closeUnits();
		await Promise.all(this.#units().map((unit) => unit.settled));
	}

	shutdown(deadlineMs: number = 10_000): Promise<SenderLedger> {
		this.#closing ??= this.#shutDown(deadlineMs);
		return this.#closing;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.shutdown();
	}

	ledger(): SenderLedger {
		return this.books.ledger();
	}

	lanes(): readonly LaneState[] {
		return this.#transports.map(({ name }, lane) => {
			const strands = this.#strands.filter((strand) => strand.lane === lane);
			const units = strands.flatMap((strand) => strand.queue);
			return {
				name,
				connected: this.#connected[lane] === true,
				healthy: strands.every((strand) => strand.failures === 0),
				inFlight: units.filter((unit) => unit.inFlight).length,
				pendingUnits: units.length,
				pendingBytes: strands.reduce((sum, strand) => sum + strand.pendingBytes, 0),
			};
		});
	}

	get retainedBytes(): number {
		return this.books.bytes;
	}

	released(unit: Unit): void {
		if (unit.bytes !== null) {
			this.books.units--;
			this.books.bytes -= unit.length;
			this.#reuse(unit, unit.bytes);
		}
		this.#spooler?.done(unit);
		unit.settle();
		if (this.#waiting.length > 0 && this.#hasRoom(this.#wanted)) this.#wake();
	}

	load(unit: Unit): UnitBytes | null {
		return this.#spooler?.load(unit) ?? null;
	}

	replaced(unit: Unit, halves: readonly Unit[], strand: Strand): void {
		this.#spooler?.replace(unit, halves, this.#strands.indexOf(strand));
	}

	moveAway(strand: Strand): boolean {
		if (this.#dispatch === null) return false;
		const others = this.#strands.filter((other) => other.lane !== strand.lane && other.failures === 0);
		if (others.length === 0) return false;
		for (const unit of strand.takeIdle()) this.#dispatch(others).push(unit);
		return true;
	}

	#connectionChanged({ name }: Transport, lane: number, connected: boolean): void {
		this.#connected[lane] = connected;
		if (connected) this.emit({ type: "connected", lane, message: `Connected to ${name}` });
		else this.emit({ type: "disconnected", lane, message: `Connection to ${name} lost` });
	}

	#refuse(reason: keyof LostRecords, result: EnqueueResult): EnqueueResult {
		this.books.refuse(reason);
		return result;
	}

	/** Who waits for room keeps the record: it is not ours yet. */
	#full(bytes: number): EnqueueResult {
		this.#wanted = bytes;
		// Only what is on its way gets acknowledged and makes room.
		if (this.books.units === 0) this.#closeUnits();
		return this.limits.overflow === "block" ? "full" : this.#refuse("queue", "full");
	}

	#closeUnits(): void {
		for (const open of this.#open) this.#closeUnit(open);
	}

	#closeUnit({ builder, timer, slot }: OpenUnit): void {
		clearTimeout(timer);
		if (builder.records === 0) return;
		const age = ++this.#unitCount;
		const unit = createUnit(`${this.#idPrefix}-${age}`, age, builder.finish());
		this.books.units++;
		const strand = this.#dispatch === null ? (this.#strands[slot] as Strand) : this.#dispatch(this.#strands);
		this.#spooler?.closed(unit, this.#strands.indexOf(strand));
		strand.push(unit);
	}

	#units(): readonly Unit[] {
		return this.#strands.flatMap((strand) => strand.queue);
	}

	#hasRoom(bytes: number): boolean {
		const { maxRetainedBytes, maxRetainedUnits } = this.limits;
		return this.books.bytes + bytes <= maxRetainedBytes && this.books.units < maxRetainedUnits;
	}

	limitRetained(bytes: number): void {
		if (!(bytes > 0)) throw new RangeError(`Cannot limit what is retained: it takes a positive number, not ${bytes}`);
		this.limits = { ...this.limits, maxRetainedBytes: bytes };
	}

	#reuse({ lent }: Unit, bytes: UnitBytes | null): void {
		if (!lent && bytes !== null) this.#pool.give(bytes.slabs);
	}

	/** False: there is no room, and none can be made. A unit that is on its way is never thrown away. */
	#makeRoom(bytes: number): boolean {
		let dropped = 0;
		while (!this.#hasRoom(bytes)) {
			const strand = oldestIdle(this.#strands);
			const oldest = strand?.oldestIdle();
			if (strand === undefined || oldest === undefined) break;
			const { bytes } = oldest;
			if (this.#spooler?.spill(oldest, this.#strands.indexOf(strand))) {
				this.#reuse(oldest, bytes);
				continue;
			}
			if (this.limits.overflow !== "overwrite-oldest") break;
			this.books.lose("queue", oldest.records, "memory");
			strand.remove(oldest);
			dropped += oldest.records;
		}
		if (dropped > 0) this.#tellLost("queue", dropped, "the memory for records that are not acknowledged is full");
		return this.#hasRoom(bytes);
	}

	#tellLost(reason: keyof LostRecords, records: number, why: string): void {
		this.emit({ type: "lost", reason, records, message: `${records} records lost: ${why}` });
	}

	#wake(): void {
		for (const resolve of this.#waiting.splice(0)) resolve();
	}

	async #shutDown(deadlineMs: number): Promise<SenderLedger> {
		this.#closeUnits();
		this.#wake();
		for (const strand of this.#strands) strand.hurry();
		let timer: ReturnType<typeof setTimeout> | undefined;
		const deadline = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, deadlineMs);
		});
		await Promise.race([Promise.all(this.#units().map((unit) => unit.settled)), deadline]);
		clearTimeout(timer);
		for (const strand of this.#strands) strand.stop();
		this.#loseRest(deadlineMs);
		this.#stopSummaries();
		for (const transport of this.#transports) {
			transport.onConnection = null;
			transport.close();
		}
		return this.ledger();
	}

	#loseRest(deadlineMs: number): void {
		let records = 0;
		this.#strands.forEach((strand, index) => {
			for (const unit of strand.queue.splice(0)) {
				const kept = unit.bytes === null || this.#spooler?.spill(unit, index);
				if (!kept) {
					records += unit.records;
					this.books.lose("shutdown", unit.records, "memory");
					this.released(unit);
				} else unit.settle();
			}
			strand.pendingBytes = 0;
		});
		this.#spooler?.close();
		if (records > 0)
			this.#tellLost("shutdown", records, `not acknowledged within ${Math.round(deadlineMs)} ms of the end`);
	}
}

import { type Attempt, startAttempt } from "./attempt.ts";
import type { LostRecords, SenderLedger } from "./ledger.ts";
import { backoffMs, DEFAULT_RETRY, isRetryable, type RetryOptions } from "./retry.ts";
import { PREFIX_BYTES, type Transport, type UnitStatus } from "./transport.ts";
import { type SenderRecord, type Unit, UnitBuilder } from "./unit.ts";

/** What happens to the connection and to units: for logs. `message` is one sentence. */
export type SenderEvent =
	| { readonly type: "connected"; readonly message: string }
	| { readonly type: "disconnected"; readonly message: string }
	| { readonly type: "retry"; readonly message: string; readonly code: number; readonly inMs: number }
	| {
			readonly type: "lost";
			readonly message: string;
			readonly reason: keyof LostRecords;
			readonly records: number;
	  };

export interface SenderOptions {
	readonly transport: Transport;
	/** What a stream's first message begins with: asked for each unit. */
	readonly header?: () => Uint8Array;
	/** A unit is closed when it has this many bytes (default 1 MiB) ... */
	readonly maxUnitBytes?: number;
	/** ... or when its first record is this old (default 1000). */
	readonly maxUnitAgeMs?: number;
	/** A longer message is not taken: receivers would refuse it (default 2 MiB). */
	readonly maxMessageBytes?: number;
	/** How long a stream may take (default 20000). */
	readonly deadlineMs?: number;
	/** A stream that takes nothing for so long is broken off and tried again (default 10000). */
	readonly noProgressMs?: number;
	/** The memory for records that are not acked, those on their way included (default 64 MiB). */
	readonly maxRetainedBytes?: number;
	/** The same in units (default 1024). */
	readonly maxRetainedUnits?: number;
	/** When the memory is full: the oldest unit makes room (default), or the new record is refused. */
	readonly overflow?: "overwrite-oldest" | "refuse";
	readonly retry?: Partial<RetryOptions>;
	readonly onEvent?: (event: SenderEvent) => void;
}

export type EnqueueResult = "accepted" | "full" | "too-large" | "closed";

export interface Sender extends AsyncDisposable {
	/** Takes a record; its bytes are copied. At once, in constant time, never throws; whatever it answers, the ledger has it. */
	enqueue(record: SenderRecord): EnqueueResult;
	/** Closes the open unit, and waits until everything enqueued so far is acked or lost. */
	flush(): Promise<void>;
	/** Takes no more, delivers what it has for at most `deadlineMs` (default 10000), counts the rest as lost. */
	shutdown(deadlineMs?: number): Promise<SenderLedger>;
	/** A copy of the books. */
	ledger(): SenderLedger;
	/** Bytes of the records that are not acked, with gRPC's 5 for each message. */
	readonly retainedBytes: number;
}

const nothing = new Uint8Array(0);
/** While shutting down there is no time for long waits. */
const SHUTDOWN_RETRY_MS = 250;

/** A sender over a transport, which it owns from now on. */
export function createSender(options: SenderOptions): Sender {
	return new RetainingSender(options);
}

/*
 *   enqueue -> [open unit] -> [ closed units, oldest first ] -> one stream at a time -> acked | lost
 *               1 MiB, 1 s      ^ the head stays here until its final status
 *
 * One stream at a time, the head first: so records arrive in the order of enqueue, whatever is tried again.
 */
class RetainingSender implements Sender {
	readonly #transport: Transport;
	readonly #header: () => Uint8Array;
	readonly #options: Required<Omit<SenderOptions, "transport" | "header" | "retry" | "onEvent">>;
	readonly #retry: RetryOptions;
	readonly #onEvent: (event: SenderEvent) => void;
	readonly #builder = new UnitBuilder();
	readonly #units: Unit[] = [];
	readonly #idPrefix = crypto.randomUUID();
	readonly #lost: LostRecords = { queue: 0, oversize: 0, permanent: 0, expired: 0, shutdown: 0 };
	readonly #resent = { units: 0, records: 0 };
	#accepted = 0;
	#acked = 0;
	#unitBytes = 0;
	#unitCount = 0;
	#openHeader: Uint8Array = nothing;
	#ageTimer: ReturnType<typeof setTimeout> | undefined;
	#attempt: Attempt | null = null;
	#running = false;
	#failures = 0;
	#endWait: (() => void) | null = null;
	#closing: Promise<SenderLedger> | null = null;
	#stopped = false;

	constructor(options: SenderOptions) {
		const { transport, header, retry, onEvent, ...limits } = options;
		this.#transport = transport;
		this.#header = header ?? (() => nothing);
		this.#retry = { ...DEFAULT_RETRY, ...retry };
		// In a turn of its own: a handler that throws, or that calls the sender, must not meet it in the middle of its work.
		this.#onEvent = onEvent === undefined ? () => {} : (event) => queueMicrotask(() => onEvent(event));
		this.#options = {
			maxUnitBytes: 1024 * 1024,
			maxUnitAgeMs: 1000,
			maxMessageBytes: 2 * 1024 * 1024,
			deadlineMs: 20_000,
			noProgressMs: 10_000,
			maxRetainedBytes: 64 * 1024 * 1024,
			maxRetainedUnits: 1024,
			overflow: "overwrite-oldest",
			...limits,
		};
		for (const [name, value] of Object.entries(this.#options)) {
			if (typeof value === "number" && !(value > 0)) {
				throw new RangeError(`Cannot create a sender as '${name}' must be a positive number: received ${value}`);
			}
		}
		transport.onConnection = ({ connected }) => {
			if (connected) this.#onEvent({ type: "connected", message: `Connected to ${transport.name}` });
			else this.#onEvent({ type: "disconnected", message: `Connection to ${transport.name} lost` });
		};
	}

	enqueue(record: SenderRecord): EnqueueResult {
		if (this.#closing !== null) return this.#refuse("shutdown", "closed");
		if (this.#builder.records === 0) this.#openHeader = this.#header();
		const bytes = this.#openHeader.length + record.preamble.length + record.body.length;
		if (bytes > this.#options.maxMessageBytes) return this.#refuse("oversize", "too-large");
		const framed = bytes + PREFIX_BYTES;
		if (this.#builder.records > 0 && this.#builder.length + framed > this.#options.maxUnitBytes) {
			this.#closeUnit();
			this.#openHeader = this.#header();
		}
		if (!this.#makeRoom(framed)) return this.#refuse("queue", "full");
		if (this.#builder.records === 0) {
			this.#ageTimer = setTimeout(() => this.#closeUnit(), this.#options.maxUnitAgeMs);
		}
		this.#accepted++;
		this.#builder.append(record, this.#openHeader);
		if (this.#builder.length >= this.#options.maxUnitBytes) this.#closeUnit();
		return "accepted";
	}

	async flush(): Promise<void> {
		this.#closeUnit();
		await Promise.all(this.#units.map((unit) => unit.settled));
	}

	shutdown(deadlineMs: number = 10_000): Promise<SenderLedger> {
		this.#closing ??= this.#shutDown(deadlineMs);
		return this.#closing;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.shutdown();
	}

	ledger(): SenderLedger {
		let retained = this.#builder.records;
		for (const unit of this.#units) retained += unit.records;
		return {
			accepted: this.#accepted,
			acked: this.#acked,
			retained,
			spooled: 0,
			lost: { ...this.#lost },
			resent: { ...this.#resent },
		};
	}

	get retainedBytes(): number {
		return this.#unitBytes + this.#builder.length;
	}

	#refuse(reason: keyof LostRecords, result: EnqueueResult): EnqueueResult {
		this.#accepted++;
		this.#lost[reason]++;
		return result;
	}

	#closeUnit(): void {
		clearTimeout(this.#ageTimer);
		if (this.#builder.records === 0) return;
		const unit = this.#builder.finish(`${this.#idPrefix}-${++this.#unitCount}`);
		this.#units.push(unit);
		this.#unitBytes += unit.frames.length;
		if (!this.#running) void this.#run();
	}

	/** False: there is no room, and none can be made. A unit that is on its way is never thrown away. */
	#makeRoom(bytes: number): boolean {
		const { maxRetainedBytes, maxRetainedUnits, overflow } = this.#options;
		let dropped = 0;
		while (this.retainedBytes + bytes > maxRetainedBytes || this.#units.length >= maxRetainedUnits) {
			const oldest = this.#units[this.#attempt === null ? 0 : 1];
			if (overflow === "refuse" || oldest === undefined) break;
			this.#remove(oldest);
			this.#lost.queue += oldest.records;
			dropped += oldest.records;
		}
		if (dropped > 0) this.#lostEvent("queue", dropped, "the memory for records that are not acknowledged is full");
		return this.retainedBytes + bytes <= maxRetainedBytes && this.#units.length < maxRetainedUnits;
	}

	#remove(unit: Unit): void {
		this.#units.splice(this.#units.indexOf(unit), 1);
		this.#unitBytes -= unit.frames.length;
		unit.settle();
	}

	#lostEvent(reason: keyof LostRecords, records: number, why: string): void {
		this.#onEvent({ type: "lost", reason, records, message: `${records} records lost: ${why}` });
	}

	/** Delivers until nothing is left. */
	async #run(): Promise<void> {
		this.#running = true;
		for (let unit = this.#units[0]; unit !== undefined && !this.#stopped; unit = this.#units[0]) {
			if (unit.exposed > 0) {
				this.#resent.units++;
				this.#resent.records += unit.exposed;
			}
			unit.firstTryMs ??= performance.now();
			this.#attempt = startAttempt(this.#transport, unit, this.#options);
			const { status, exposed } = await this.#attempt.outcome;
			this.#attempt = null;
			if (this.#stopped) break;
			unit.exposed = Math.max(unit.exposed, exposed);
			const waitMs = this.#judge(unit, status);
			if (waitMs > 0) await this.#wait(waitMs);
		}
		this.#running = false;
	}

	/** Books the outcome of a try; answers how long to wait before the next one. */
	#judge(unit: Unit, status: UnitStatus): number {
		if (status.code === 0) {
			this.#failures = 0;
			this.#acked += unit.records;
			this.#remove(unit);
			return 0;
		}
		const why = `${this.#transport.name} answered ${status.code} (${status.message})`;
		if (!isRetryable(status.code, status.retryDelayMs)) {
			this.#lost.permanent += unit.records;
			this.#remove(unit);
			this.#lostEvent("permanent", unit.records, why);
			return 0;
		}
		const ownMs = backoffMs(this.#retry, ++this.#failures, Math.random());
		const inMs = Math.max(
			this.#closing === null ? ownMs : Math.min(ownMs, SHUTDOWN_RETRY_MS),
			status.retryDelayMs ?? 0,
		);
		const elapsedMs = performance.now() - (unit.firstTryMs ?? 0);
		if (this.#retry.maxElapsedMs > 0 && elapsedMs + inMs > this.#retry.maxElapsedMs) {
			this.#lost.expired += unit.records;
			this.#remove(unit);
			this.#lostEvent("expired", unit.records, `given up after ${Math.round(elapsedMs)} ms; ${why}`);
		} else {
			const message = `${why}; next try in ${Math.round(inMs)} ms`;
			this.#onEvent({ type: "retry", code: status.code, inMs, message });
		}
		// The peer needs its pause also when the unit is given up: the next one would meet the same.
		return inMs;
	}

	#wait(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, ms);
			this.#endWait = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	async #shutDown(deadlineMs: number): Promise<SenderLedger> {
		this.#closeUnit();
		this.#endWait?.();
		let timer: ReturnType<typeof setTimeout> | undefined;
		const deadline = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, deadlineMs);
		});
		await Promise.race([Promise.all(this.#units.map((unit) => unit.settled)), deadline]);
		clearTimeout(timer);
		this.#stopped = true;
		this.#endWait?.();
		this.#attempt?.cancel();
		let records = 0;
		for (const unit of this.#units.slice()) {
			records += unit.records;
			this.#remove(unit);
		}
		this.#lost.shutdown += records;
		if (records > 0) this.#lostEvent("shutdown", records, `not acknowledged within ${deadlineMs} ms of the end`);
		this.#transport.onConnection = null;
		this.#transport.close();
		return this.ledger();
	}
}

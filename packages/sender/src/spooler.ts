import type { SenderEvent } from "./events.ts";
import type { Books } from "./ledger.ts";
import { Spool, type SpoolOptions } from "./spool.ts";
import type { Strand } from "./strand.ts";
import { spooledUnit, type Unit } from "./unit.ts";
import type { UnitBytes } from "./unit-bytes.ts";

/** After a failed write the disk is left alone for so long. */
const PAUSE_MS = 5000;

/** What a sender does with its spool: which units go there and come back, and what the books say about it. */
export class Spooler {
	readonly #spool: Spool;
	readonly #always: boolean;
	readonly #books: Books;
	readonly #strands: readonly Strand[];
	readonly #emit: (event: SenderEvent) => void;
	#pausedUntilMs = 0;

	/** Finds what earlier senders have left, and puts it before everything else. */
	constructor(options: SpoolOptions, books: Books, strands: readonly Strand[], emit: (event: SenderEvent) => void) {
		this.#spool = new Spool(options);
		this.#always = options.when === "always";
		this.#books = books;
		this.#strands = strands;
		this.#emit = emit;
		this.#spool.onEvicted = (segment) => this.#evicted(segment);
		this.#recover();
	}

	/** A unit is complete, and not sent yet. */
	closed(unit: Unit, strand: number): void {
		if (this.#always) this.#store(unit, strand);
	}

	/** Makes room in memory. False: the disk did not take it. */
	spill(unit: Unit, strand: number): boolean {
		if (unit.place === null && !this.#store(unit, strand)) return false;
		unit.bytes = null;
		this.#books.units--;
		this.#books.bytes -= unit.length;
		this.#books.spool(unit.records);
		return true;
	}

	load(unit: Unit): UnitBytes | null {
		const bytes = unit.place === null ? null : this.#spool.read(unit.place);
		if (bytes === null) {
			this.#lost(unit, "what was on disk cannot be read");
			return null;
		}
		unit.bytes = bytes;
		this.#books.units++;
		this.#books.bytes += unit.length;
		this.#books.load(unit.records);
		return bytes;
	}

	done(unit: Unit): void {
		if (unit.place !== null) this.#spool.done(unit.place);
		unit.place = null;
	}

	/** A unit that is on disk was cut: so are its halves, before it goes. */
	replace(unit: Unit, halves: readonly Unit[], strand: number): void {
		if (unit.place === null) return;
		for (const half of halves) this.#store(half, strand);
		this.done(unit);
	}

	close(): void {
		this.#spool.close();
	}

	#store(unit: Unit, strand: number): boolean {
		if (performance.now() < this.#pausedUntilMs) return false;
		const { id, records, exposed } = unit;
		const bytes = unit.bytes as UnitBytes;
		try {
			const description = { id, strand, records, headerBytes: bytes.headerBytes, exposed };
			unit.place = this.#spool.write(description, bytes);
			return true;
		} catch (error) {
			this.#pausedUntilMs = performance.now() + PAUSE_MS;
			this.#emit({ type: "spool", message: `Cannot write to the spool: ${error}` });
			return false;
		}
	}

	#recover(): void {
		let records = 0;
		this.#spool.recover((description, place, length) => {
			const unit = spooledUnit(description.id, 0, description.records, length, place);
			unit.exposed = description.exposed;
			this.#books.recover(unit.records);
			records += unit.records;
			const strand = this.#strands[description.strand % this.#strands.length] as Strand;
			// In a turn of its own: the sender is not complete yet.
			strand.queue.push(unit);
			strand.pendingBytes += length;
			queueMicrotask(() => strand.begin());
		});
		for (const message of this.#spool.reports) this.#emit({ type: "spool", message });
		if (records > 0) this.#emit({ type: "spool", message: `${records} records of earlier runs found on disk` });
	}

	/** The spool was full: units of its oldest segment are there no more. */
	#evicted(segment: number): void {
		for (const strand of this.#strands) {
			for (const unit of strand.queue.filter(({ place }) => place?.segment === segment)) {
				unit.place = null;
				if (unit.bytes !== null) continue;
				this.#lost(unit, "the spool is full");
				strand.remove(unit);
			}
		}
	}

	#lost(unit: Unit, why: string): void {
		this.#books.lose("queue", unit.records, "disk");
		const message = `${unit.records} records lost: ${why}`;
		this.#emit({ type: "lost", reason: "queue", records: unit.records, message });
	}
}

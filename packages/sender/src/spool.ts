import {
	closeSync,
	fdatasyncSync,
	ftruncateSync,
	openSync,
	readdirSync,
	readFileSync,
	readSync,
	renameSync,
	rmSync,
	statSync,
	truncateSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import {
	decodeDone,
	decodeEntry,
	encodeDone,
	encodeEntry,
	MAGIC,
	type SpooledUnit,
	type UnitDescription,
} from "./spool-format.ts";
import { lockFolder } from "./spool-lock.ts";
import type { UnitBytes } from "./unit-bytes.ts";

export interface SpoolOptions {
	/** A folder of its own; it is made when it is not there. */
	readonly folder: string;
	/** How much may be there (default 1 GiB); then the oldest goes. */
	readonly maxBytes?: number;
	/** `overflow` (default): what does not fit into memory, and what is left at the end; `always`: every unit, before it is sent. */
	readonly when?: "overflow" | "always";
	/** What waits until the disk has it, not only the system (default `segment`). */
	readonly fsync?: "unit" | "segment" | "never";
	/** When a new segment begins (default 16 MiB). */
	readonly segmentBytes?: number;
}

/** Where a unit lies. */
export interface SpoolPlace {
	readonly segment: number;
	readonly offset: number;
	readonly entryBytes: number;
}

interface Segment {
	readonly number: number;
	bytes: number;
	/** Offsets of units that are not done. */
	readonly open: Set<number>;
}

interface ActiveSegment {
	readonly segment: Segment;
	readonly fd: number;
}

/**
 * Units on disk, in segments that only grow; SPOOL.md has the format. It reads and writes at once, on the caller's
 * thread; `fsync: "unit"` waits for the disk each time.
 */
export class Spool {
	/** What was wrong with what it found, a sentence each. */
	readonly reports: string[] = [];
	readonly #options: Required<SpoolOptions>;
	readonly #unlock: () => void;
	readonly #segments: Segment[] = [];
	/** The one that is written. */
	#active: ActiveSegment | null = null;
	#next = 1;
	/** Tells which segment has gone for want of room. */
	onEvicted: (segment: number) => void = () => {};

	constructor(options: SpoolOptions) {
		const size = { maxBytes: 2 ** 30, segmentBytes: 16 * 1024 * 1024 };
		this.#options = { ...size, when: "overflow", fsync: "segment", ...options };
		for (const name of ["maxBytes", "segmentBytes"] as const) {
			if (this.#options[name] > 0) continue;
			throw new RangeError(`Cannot open a spool as '${name}' must be positive: received ${this.#options[name]}`);
		}
		this.#unlock = lockFolder(options.folder);
	}

	get bytes(): number {
		return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
	}

	/** What earlier senders have left, oldest first. To be called once, before anything else. */
	recover(found: (description: UnitDescription, place: SpoolPlace, length: number) => void): void {
		const numbers = readdirSync(this.#options.folder)
			.flatMap((name) => (/^\d+\.seg$/.test(name) ? [Number.parseInt(name, 10)] : []))
			.sort((a, b) => a - b);
		this.#next = (numbers.at(-1) ?? 0) + 1;
		for (const number of numbers) this.#recoverSegment(number, number === numbers.at(-1), found);
		this.#finishActive();
	}

	#recoverSegment(number: number, last: boolean, found: Parameters<Spool["recover"]>[0]): void {
		const file = readIfThere(this.#path(number, "seg"));
		const done = decodeDone(readIfThere(this.#path(number, "done")));
		const { units, validBytes, damaged } = scan(file, last);
		const waiting = units.filter(({ offset }) => !done.has(offset));
		if (damaged) {
			for (const unit of waiting) {
				const place = this.write(unit.description, unit.bytes);
				found(unit.description, place, unit.bytes.length);
			}
			renameSync(this.#path(number, "seg"), this.#path(number, "corrupt"));
			rmSync(this.#path(number, "done"), { force: true });
			this.reports.push(
				`Segment ${number} is damaged: ${waiting.length} units saved, the rest is in ${number}.corrupt`,
			);
			return;
		}
		if (validBytes < file.length) {
			truncateSync(this.#path(number, "seg"), validBytes);
			this.reports.push(`Segment ${number} ended in the middle of a unit: ${file.length - validBytes} bytes cut off`);
		}
		const segment = { number, bytes: validBytes, open: new Set(waiting.map(({ offset }) => offset)) };
		this.#segments.push(segment);
		for (const { description, offset, entryBytes, bytes } of waiting) {
			found(description, { segment: number, offset, entryBytes }, bytes.length);
		}
		this.#dropIfDone(segment);
	}

	/** Writes a unit; throws what the system throws, and leaves nothing half written then. */
	write(description: UnitDescription, bytes: UnitBytes): SpoolPlace {
		const entry = encodeEntry(description, bytes);
		const { maxBytes, segmentBytes, fsync } = this.#options;
		if (entry.length + MAGIC.length > maxBytes) {
			throw new RangeError(`a unit of ${entry.length} bytes is larger than the spool (${maxBytes})`);
		}
		if (this.#active !== null && this.#active.segment.bytes + entry.length > segmentBytes) this.#finishActive();
		while (this.bytes + entry.length + MAGIC.length > maxBytes) this.#evictOldest();
		const { segment, fd } = this.#activeSegment();
		const offset = segment.bytes;
		try {
			for (let at = 0; at < entry.length; ) at += writeSync(fd, entry, at, entry.length - at, offset + at);
			if (fsync === "unit") fdatasyncSync(fd);
		} catch (error) {
			ftruncateSync(fd, offset);
			throw error;
		}
		segment.bytes += entry.length;
		segment.open.add(offset);
		return { segment: segment.number, offset, entryBytes: entry.length };
	}

	/** Reads a unit back; null when it is not there any more, or damaged. */
	read({ segment, offset, entryBytes }: SpoolPlace): UnitBytes | null {
		try {
			const fd = openSync(this.#path(segment, "seg"), "r");
			const entry = new Uint8Array(entryBytes);
			try {
				readSync(fd, entry, 0, entryBytes, offset);
			} finally {
				closeSync(fd);
			}
			const unit = decodeEntry(entry, 0);
			return typeof unit === "string" ? null : unit.bytes;
		} catch {
			return null;
		}
	}

	/** The unit need not be sent again. */
	done({ segment: number, offset }: SpoolPlace): void {
		const segment = this.#segments.find((one) => one.number === number);
		if (segment === undefined || !segment.open.delete(offset)) return;
		if (this.#dropIfDone(segment)) return;
		try {
			const fd = openSync(this.#path(number, "done"), "a");
			writeSync(fd, encodeDone(offset));
			closeSync(fd);
		} catch {
			// A full disk: the unit may be sent once more after a restart.
		}
	}

	close(): void {
		this.#finishActive();
		this.#unlock();
	}

	#dropIfDone(segment: Segment): boolean {
		if (segment.open.size > 0 || segment === this.#active?.segment) return false;
		this.#delete(segment);
		return true;
	}

	#delete(segment: Segment): void {
		this.#segments.splice(this.#segments.indexOf(segment), 1);
		for (const kind of ["seg", "done"] as const) rmSync(this.#path(segment.number, kind), { force: true });
	}

	#evictOldest(): void {
		const oldest = this.#segments[0] as Segment;
		if (oldest === this.#active?.segment) this.#finishActive();
		if (!this.#segments.includes(oldest)) return;
		this.#delete(oldest);
		this.onEvicted(oldest.number);
	}

	#activeSegment(): ActiveSegment {
		if (this.#active === null) {
			const number = this.#next++;
			const fd = openSync(this.#path(number, "seg"), "wx", 0o600);
			const segment = { number, bytes: MAGIC.length, open: new Set<number>() };
			try {
				writeSync(fd, MAGIC);
			} catch (error) {
				closeSync(fd);
				rmSync(this.#path(number, "seg"), { force: true });
				throw error;
			}
			this.#segments.push(segment);
			this.#active = { segment, fd };
		}
		return this.#active;
	}

	#finishActive(): void {
		if (this.#active === null) return;
		const { segment, fd } = this.#active;
		if (this.#options.fsync !== "never") fdatasyncSync(fd);
		closeSync(fd);
		this.#active = null;
		this.#dropIfDone(segment);
	}

	#path(number: number, kind: "seg" | "done" | "corrupt"): string {
		return join(this.#options.folder, `${String(number).padStart(8, "0")}.${kind}`);
	}
}

/** All units of a segment that hold. The last segment may be torn: everything up to there is valid then. */
function scan(file: Uint8Array, last: boolean): { units: SpooledUnit[]; validBytes: number; damaged: boolean } {
	const units: SpooledUnit[] = [];
	let damaged = MAGIC.some((byte, at) => at < file.length && file[at] !== byte);
	if (file.length < MAGIC.length) return { units, validBytes: 0, damaged: damaged || !last };
	let at = MAGIC.length;
	while (!damaged && at < file.length) {
		const unit = decodeEntry(file, at);
		if (unit === "torn" && last) break;
		if (typeof unit !== "string") units.push(unit);
		else damaged = true;
		at += typeof unit === "string" ? 0 : unit.entryBytes;
	}
	if (damaged) units.push(...unitsBehind(file, at));
	return { units, validBytes: at, damaged };
}

/** Units that hold behind one that does not, as far as lengths lead to them. */
function unitsBehind(file: Uint8Array, from: number): SpooledUnit[] {
	const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
	const units: SpooledUnit[] = [];
	for (let at = from; at + 8 <= file.length; at += 8 + view.getUint32(at, true)) {
		const unit = decodeEntry(file, at);
		if (unit === "torn") break;
		if (unit !== "damaged") units.push(unit);
	}
	return units;
}

function readIfThere(path: string): Uint8Array {
	if (statSync(path, { throwIfNoEntry: false }) === undefined) return new Uint8Array(0);
	// A Buffer's slices would be views.
	const { buffer, byteOffset, length } = readFileSync(path);
	return new Uint8Array(buffer, byteOffset, length);
}

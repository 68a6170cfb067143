import { forgetViews } from "./compare.ts";
import { scanHead } from "./head.ts";
import { linesNoted } from "./headers.ts";
import { HttpMessage } from "./http-message.ts";
import type { Reader } from "./reader.ts";
import type { HeadScan } from "./reader-host.ts";
import { MISS, Template } from "./template.ts";

/** Templates kept, and the longest head and most fields of one. */
const SLOTS = 64;
const MOST_BYTES = 2048;
const MOST_FIELDS = 64;

/** A reader's memory: two slots, 0 for none, and how many heads in a row were like none of them. */
const OTHER = 7;
const MISSES = 14;
const ONE_MISS = 1 << MISSES;
const SLOT = (1 << OTHER) - 1;
/** After so many misses in a row only every 32nd head is tried. */
const PATIENCE = 4;
const RARELY = 32;

/** Making a template takes as long as reading some ten heads. What heads pay in, by hits or by passing, one must have saved. */
const COST = 256;
const PER_HIT = 4;
const MOST_SAVED = 64 * COST;

/**
 * Heads that were read lately, for all readers that are given them as `templates`. On real connections head after head has
 * nearly the same bytes: then a head is compared instead of read, but for the lines that differ, and its strings are those
 * of the head before.
 *
 * Memory is bounded: 64 heads of at most 2 KiB, and their strings. Readers hold numbers of slots, so that what is replaced
 * is gone; a message that is kept has what it needs.
 */
export interface HeadTemplates {
	/** How many heads there are to compare with. */
	readonly size: number;
	/** Bytes of them; their strings take some twice as much. */
	readonly bytes: number;
	/** How many heads were read by comparing. */
	readonly hits: number;
}

class TemplateTable implements HeadTemplates, HeadScan {
	hits = 0;
	readonly #slots: Template[] = [];
	/** Of each slot: its shape, and 1 since it was of use. */
	readonly #shapes: Int32Array = new Int32Array(SLOTS);
	readonly #used: Uint8Array = new Uint8Array(SLOTS);
	/** Shapes met once, by their lowest bits. */
	readonly #met: Int32Array = new Int32Array(SLOTS);
	#hand = 0;
	#saved = MOST_SAVED;
	/** The slots last of use: of a request, of a response. */
	readonly #latest: [number, number] = [0, 0];

	get size(): number {
		return this.#slots.length;
	}

	get bytes(): number {
		return this.#slots.reduce((sum, { length }) => sum + length, 0);
	}

	scan(
		reader: Reader,
		head: HttpMessage,
		bytes: Uint8Array,
		from: number,
		to: number,
		resume: number,
	): number | undefined {
		if (head.guess || head.thorough) return undefined;
		const state = reader.recall;
		const misses = state >> MISSES;
		const tries = misses < PATIENCE || (misses & (RARELY - 1)) === 0;
		if (tries && resume === 0) {
			const first = state & SLOT || this.#latest[bytes[from] === 72 ? 1 : 0];
			let end = this.#read(first, reader, head, bytes, from, to);
			if (end === MISS) end = this.#read((state >> OTHER) & SLOT, reader, head, bytes, from, to);
			if (end !== MISS) return end;
		}
		const end = scanHead(head, bytes, from, to, resume);
		if (end < 0) return end;
		if (this.#saved < MOST_SAVED) this.#saved++;
		reader.recall += misses < 2 * RARELY - 1 ? ONE_MISS : (1 - RARELY) * ONE_MISS;
		if (tries) this.#missed(reader, head, bytes, from, end);
		return end;
	}

	forget(): void {
		forgetViews();
	}

	#read(slot: number, reader: Reader, head: HttpMessage, bytes: Uint8Array, from: number, to: number): number {
		if (slot === 0) return MISS;
		const template = this.#slots[slot - 1]!;
		const { limits } = reader;
		if (!template.mayBe(bytes, from) || template.headerCount > limits.maxHeaders) return MISS;
		const end = template.read(head, bytes, from, to);
		if (end < 0) return end;
		if (head.headersStart > limits.maxStartLine) {
			head.thorough = false;
			return MISS;
		}
		this.hits++;
		this.#used[slot - 1] = 1;
		this.#latest[head.response ? 1 : 0] = slot;
		if (this.#saved < MOST_SAVED) this.#saved += PER_HIT;
		const first = reader.recall & SLOT;
		const other = first === slot ? reader.recall & (SLOT << OTHER) : first << OTHER;
		reader.recall = slot | other;
		return end;
	}

	#missed(reader: Reader, head: HttpMessage, bytes: Uint8Array, from: number, end: number): void {
		const starts = linesNoted(head);
		if (starts === undefined || end - from > MOST_BYTES || head.headerCount > MOST_FIELDS || head.lenient !== 0) return;
		const shape = shapeOf(head, bytes, from, starts);
		const first = reader.recall & SLOT;
		let slot = this.#shapes.indexOf(shape) + 1;
		if (slot === 0 || slot === first) {
			if (slot === 0 && this.#met[shape & (SLOTS - 1)] !== shape) {
				this.#met[shape & (SLOTS - 1)] = shape;
				return;
			}
			slot = this.#learn(bytes, from, end, shape);
			if (slot === 0) return;
		}
		reader.recall = (reader.recall & (-1 << MISSES)) | slot | (first << OTHER);
	}

	#learn(bytes: Uint8Array, from: number, end: number, shape: number): number {
		if (this.#saved < COST) return 0;
		this.#saved -= COST;
		const judged = new HttpMessage();
		judged.thorough = true;
		if (scanHead(judged, bytes, from, end) !== end || judged.lenient !== 0) return 0;
		if (!judged.response && judged.knownMethod === "") return 0;
		for (let i = from; i < end; i++) if (bytes[i]! > 126) return 0;
		let slot = this.#slots.length;
		if (slot === SLOTS) {
			while (this.#used[this.#hand] === 1) {
				this.#used[this.#hand] = 0;
				this.#hand = (this.#hand + 1) % SLOTS;
			}
			slot = this.#hand;
			this.#hand = (slot + 1) % SLOTS;
		}
		this.#slots[slot] = new Template(judged, bytes, from, end, shape);
		this.#shapes[slot] = shape;
		this.#used[slot] = 1;
		return slot + 1;
	}
}

/** One for all readers of a thread, or for those whose traffic is alike. */
export const HeadTemplates: new () => HeadTemplates = TemplateTable;

/** Stands for the names of a head, its method or status, and its client. */
function shapeOf(head: HttpMessage, bytes: Uint8Array, from: number, starts: Int32Array): number {
	let shape = head.constantSignature ^ (head.status << 8) ^ head.methodEnd;
	for (let k = 0; k < head.headerCount; k++) {
		const at = from + starts[k]!;
		shape = Math.imul(shape ^ bytes[at]! ^ (bytes[at + 2]! << 8) ^ (bytes[at + 4]! << 16), 0x01000193);
	}
	return shape | 1;
}

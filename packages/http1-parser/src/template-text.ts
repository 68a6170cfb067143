import { isBlank } from "./bytes.ts";
import type { Change } from "./change.ts";
import { valueStart } from "./fields.ts";
import { isName, valueAt } from "./headers.ts";
import type { HttpMessage } from "./http-message.ts";
import { shortText } from "./short-text.ts";

/** Names whose lines are remembered. */
const MOST_ASKED = 8;

/** The strings of a head that was read: those of every head like it, but for the lines that differ. */
export class TemplateText {
	/** Target or reason; and the host. */
	readonly part: string;
	readonly host: string;
	/** Names and values in turn. */
	readonly #flat: readonly string[];
	/** The line of Host; -1: none. */
	readonly #hostLine: number;
	/** The first names that were asked for, as they were written, and their lines; -1: none. */
	readonly #asked: string[] = [];
	readonly #answers: number[] = [];
	#next = 0;

	constructor(part: string, host: string, hostLine: number, flat: readonly string[]) {
		this.part = part;
		this.host = host;
		this.#hostLine = hostLine;
		this.#flat = flat;
	}

	/** The value of Host of a message like this one. */
	hostOf(message: HttpMessage): string {
		return this.#hostLine < 0 ? this.host : this.#value(message, this.#hostLine).trim();
	}

	get(message: HttpMessage, name: string): string | undefined {
		const asked = this.#asked;
		// Mostly the same are asked for, one after the other.
		let i = this.#next;
		if (asked[i] !== name) {
			i = asked.indexOf(name);
			if (i < 0) i = this.#find(name);
		}
		this.#next = i + 1 < asked.length ? i + 1 : 0;
		const k = this.#answers[i]!;
		return k < 0 ? undefined : this.#value(message, k);
	}

	rawHeaders(message: HttpMessage): string[] {
		const all = this.#flat.slice();
		for (let change = message.changes; change !== undefined; change = change.before) {
			if (change.line >= 0) all[2 * change.line + 1] = this.#changed(message, change);
		}
		return all;
	}

	/** The message's bytes are going to be let go: where one value is all there is of its own, no more than that becomes text. */
	detach(message: HttpMessage): void {
		const { changes } = message;
		if (changes === undefined || changes.line < 0 || changes.before !== undefined) return;
		this.#changed(message, changes);
		message.bytes = undefined;
	}

	#find(name: string): number {
		const flat = this.#flat;
		// Of several lines the first one counts.
		let found = -1;
		for (let k = flat.length / 2 - 1; k >= 0; k--) {
			const mine = flat[2 * k]!;
			if (mine.length === name.length && isName(mine, 0, name)) found = k;
		}
		const i = Math.min(this.#asked.length, MOST_ASKED - 1);
		this.#asked[i] = name;
		this.#answers[i] = found;
		return i;
	}

	#value(message: HttpMessage, k: number): string {
		for (let change = message.changes; change !== undefined; change = change.before) {
			if (change.line === k) return this.#changed(message, change);
		}
		return this.#flat[2 * k + 1]!;
	}

	#changed(message: HttpMessage, change: Change): string {
		if (change.value === undefined) {
			const { bytes, from, textStart } = message;
			const colon = change.start + this.#flat[2 * change.line]!.length - textStart;
			let end = change.end - textStart;
			if (bytes === undefined) change.value = valueAt(message.text(), colon, end, false);
			else {
				end += from - 2;
				const start = valueStart(bytes, from + colon, end);
				while (end > start && isBlank(bytes[end - 1])) end--;
				change.value = shortText(bytes, start, end);
			}
		}
		return change.value;
	}
}

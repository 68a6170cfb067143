import { isBlank } from "./bytes.ts";
import type { Change } from "./change.ts";
import { valueStart } from "./fields.ts";
import { isName, valueAt } from "./headers.ts";
import type { HttpMessage } from "./http-message.ts";
import { shortText } from "./short-text.ts";

/** Names whose lines are remembered. */
const MOST_ASKED = 8;

/** A name that was asked for, as it was written; its line, -1: none; and what was asked for next, after the last the first. */
class Asked {
	readonly name: string;
	readonly line: number;
	next: Asked = this;

	constructor(name: string, line: number) {
		this.name = name;
		this.line = line;
	}
}

/** The strings of a head that was read: those of every head like it, but for the lines that differ. */
export class TemplateText {
	/** Target or reason; and the host. */
	readonly part: string;
	readonly host: string;
	/** Names and values in turn. */
	readonly #flat: readonly string[];
	/** The line of Host; -1: none. */
	readonly #hostLine: number;
	/** The one added last, and how many there are: with more than `MOST_ASKED` they begin anew. */
	#last: Asked | undefined = undefined;
	#count = 0;
	/** Mostly the same are asked for, one after the other. */
	#next: Asked | undefined = undefined;

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
		let asked = this.#next;
		if (asked === undefined || asked.name !== name) asked = this.#ask(name);
		this.#next = asked.next;
		return asked.line < 0 ? undefined : this.#value(message, asked.line);
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

	#ask(name: string): Asked {
		const last = this.#last;
		let asked = last;
		for (let i = this.#count; i > 0; i--) {
			asked = asked!.next;
			if (asked.name === name) return asked;
		}
		const fresh = new Asked(name, this.#find(name));
		if (last !== undefined && this.#count < MOST_ASKED) {
			fresh.next = last.next;
			last.next = fresh;
		} else this.#count = 0;
		this.#count++;
		this.#last = fresh;
		return fresh;
	}

	/** Of several lines the first one counts. */
	#find(name: string): number {
		const flat = this.#flat;
		for (let i = 0; i < flat.length; i += 2) {
			const mine = flat[i]!;
			if (mine.length === name.length && isName(mine, 0, name)) return i / 2;
		}
		return -1;
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

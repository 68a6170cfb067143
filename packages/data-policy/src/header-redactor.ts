import type { Pattern } from "@wirescribe/filter";
import { nameGlob } from "./redaction-rules.ts";
import { isSensitiveHeader } from "./sensitive.ts";
import { MASK } from "./spans.ts";
import type { TextRedactor } from "./text-redactor.ts";

/** A longer value is cut, after it was redacted. */
const MAX_VALUE_LENGTH = 1024;
/** Names come from the wire: no more of them are remembered. */
const MAX_NAMES = 1024;

type Choice = "drop" | "mask" | "show";

/** Chooses headers by name and redacts their values. */
export class HeaderRedactor {
	readonly #exact = new Set<string>();
	readonly #globs: readonly Pattern[];
	readonly #masked: readonly Pattern[];
	readonly #text: TextRedactor;
	readonly #choices = new Map<string, Choice>();

	/** `names`: those that are wanted, globs too; `masked`: those of which only the name may leave. */
	constructor(names: readonly string[], masked: readonly Pattern[], text: TextRedactor) {
		for (const name of names) if (!/[*?\\]/.test(name)) this.#exact.add(name.toLowerCase());
		this.#globs = names.map((name) => nameGlob(name, name));
		this.#masked = masked;
		this.#text = text;
	}

	/** The fields that may leave, names in lower case. */
	redact(headers: readonly (readonly [name: string, value: string])[]): [name: string, value: string][] {
		const kept: [string, string][] = [];
		for (const [written, value] of headers) {
			const name = written.toLowerCase();
			const choice = this.#choose(name);
			if (choice === "drop") continue;
			kept.push([name, choice === "mask" ? MASK : this.#text.headerValue(value).slice(0, MAX_VALUE_LENGTH)]);
		}
		return kept;
	}

	#choose(name: string): Choice {
		const known = this.#choices.get(name);
		if (known) return known;
		const choice = this.#judge(name);
		if (this.#choices.size < MAX_NAMES) this.#choices.set(name, choice);
		return choice;
	}

	#judge(name: string): Choice {
		if (!this.#globs.some((glob) => glob.test(name))) return "drop";
		if (this.#masked.some((glob) => glob.test(name))) return "mask";
		return isSensitiveHeader(name) && !this.#exact.has(name) ? "mask" : "show";
	}
}

import type { SeenMessage } from "@wirescribe/access-log";
import type { Pattern } from "@wirescribe/filter";
import { jsonSpans } from "./json-spans.ts";
import { pairSpans } from "./pair-spans.ts";
import { nameGlob, type RedactionRules } from "./redaction-rules.ts";
import { regexSpans } from "./regex-spans.ts";
import { isSensitiveField } from "./sensitive.ts";
import { Spans } from "./spans.ts";

/** Types in which a field is known by its name, so that secrets can be masked without a rule. */
export const DEFAULT_BODY_TYPES: readonly string[] = [
	"application/json",
	"application/*+json",
	"application/x-www-form-urlencoded",
];

/** So much more is looked at than may leave, so that a secret at the cut is found as a whole. */
export const MARGIN_BYTES = 256;

/** Chooses bodies by type, and redacts their beginnings. */
export class BodyRedactor {
	readonly #prefixBytes: number;
	readonly #types: readonly Pattern[];
	readonly #rules: RedactionRules;
	readonly #decoder = new TextDecoder();

	constructor(prefixBytes: number, types: readonly string[], rules: RedactionRules) {
		this.#prefixBytes = prefixBytes;
		this.#types = types.map((type) => nameGlob(type, type));
		this.#rules = rules;
	}

	/** The text that may leave, and whether the body goes on behind it; undefined: nothing may. */
	redact({ headers, body, bodyCut }: SeenMessage): { text: string; cut: boolean } | undefined {
		if (body === undefined || body.length === 0) return undefined;
		const type = mediaType(headers);
		if (type === undefined || !this.#types.some((one) => one.test(type)) || isEncoded(headers)) return undefined;
		const text = this.#decoder.decode(body);
		const cut = body.length > this.#prefixBytes;
		const shown = cut ? this.#decoder.decode(body.subarray(0, this.#prefixBytes)).length : text.length;
		const spans = new Spans();
		// Also what is not called so: many a client sends JSON as text/plain.
		if (/[/+]json$/.test(type) || /^\s*[{[]/.test(text)) jsonSpans(text, this.#rules.json, isSensitiveField, spans);
		if (type === "application/x-www-form-urlencoded") pairSpans(text, 0, text.length, this.#isMaskedField, spans);
		for (const regex of this.#rules.regexes) regexSpans(regex, text, spans);
		return { text: spans.render(text, shown), cut: cut || bodyCut };
	}

	readonly #isMaskedField = (name: string): boolean =>
		isSensitiveField(name) || this.#rules.form.some((one) => one.test(name.toLowerCase()));
}

type Headers = readonly (readonly [name: string, value: string])[];

function mediaType(headers: Headers): string | undefined {
	return firstValue(headers, "content-type")?.split(";", 1)[0]?.trim().toLowerCase();
}

/** Compressed bytes can be read by no rule. */
function isEncoded(headers: Headers): boolean {
	const coding = firstValue(headers, "content-encoding")?.trim().toLowerCase() ?? "identity";
	const transfer = firstValue(headers, "transfer-encoding")?.trim().toLowerCase() ?? "chunked";
	return coding !== "identity" || transfer !== "chunked";
}

function firstValue(headers: Headers, name: string): string | undefined {
	return headers.find(([one]) => one.toLowerCase() === name)?.[1];
}

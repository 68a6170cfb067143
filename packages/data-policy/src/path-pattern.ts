import { segmentsOf } from "./path-segments.ts";
import { PolicyError } from "./policy-error.ts";
import type { Spans } from "./spans.ts";

/** A pattern of a path whose stars are to be masked: of `/reset/*`, what follows `/reset/`; `**` at the end is all the rest. */
export class PathPattern {
	readonly #segments: readonly string[];
	readonly #open: boolean;

	constructor(source: string) {
		const segments = source.slice(1).split("/");
		this.#open = segments.at(-1) === "**";
		this.#segments = this.#open ? segments.slice(0, -1) : segments;
		if (
			!source.startsWith("/") ||
			this.#segments.some((one) => one !== "*" && one.includes("*")) ||
			!/\*/.test(source)
		) {
			throw new PolicyError(
				`'${source}' is no path pattern: write * for each segment to be masked, and ** at the end for the rest, like /users/*/files/**`,
			);
		}
	}

	/** Masks what the stars stand for, if the whole path fits. */
	mask(path: string, spans: Spans): void {
		const segments = segmentsOf(path);
		const own = this.#segments;
		if (this.#open ? segments.length < own.length : segments.length !== own.length) return;
		const fits = own.every((one, index) => {
			const [from, to] = segments[index] as readonly [number, number];
			return one === "*" || path.slice(from, to) === one;
		});
		if (!fits) return;
		for (const [index, [from, to]] of segments.entries()) {
			if (index < own.length) {
				if (own[index] === "*") spans.add(from, to);
			} else {
				spans.add(from, (segments.at(-1) as readonly [number, number])[1]);
				return;
			}
		}
	}
}

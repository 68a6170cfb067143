/** Headers whose values say how a message is framed, where it goes, or which trace it belongs to: they are kept. */
const KEPT: ReadonlySet<string> = new Set([
	"host",
	"content-length",
	"transfer-encoding",
	"connection",
	"upgrade",
	"content-type",
	"expect",
	"server",
	"date",
	"traceparent",
	"b3",
	"x-b3-traceid",
	"x-b3-spanid",
	"x-b3-parentspanid",
	"x-b3-sampled",
	"x-b3-flags",
	"sw8",
]);

/** Whether the values of a header (lower case name) stay as they are. */
export function isKept(name: string): boolean {
	return KEPT.has(name);
}

/** How the body of a message is framed, as far as its headers say. */
export type Framing = "none" | "chunked" | "invalid" | number;

/** Collects what a head says about its body. */
export class FramingHeaders {
	#length: number | undefined;
	#coding = "";
	#invalid = false;

	add(name: string, value: string): void {
		if (name === "transfer-encoding") this.#coding = value.trim().toLowerCase();
		if (name !== "content-length") return;
		for (const part of value.split(",")) {
			const text = part.trim();
			const length = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
			if (Number.isNaN(length) || (this.#length !== undefined && this.#length !== length)) this.#invalid = true;
			this.#length = length;
		}
	}

	framing(): Framing {
		if (this.#coding !== "") return /(^|[\s,])chunked$/.test(this.#coding) ? "chunked" : "invalid";
		if (this.#invalid) return "invalid";
		return this.#length ?? "none";
	}
}

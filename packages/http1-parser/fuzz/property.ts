import type { Chunk } from "@wirescribe/buffer";
import type { Random } from "../test/model.ts";

/** What one seed showed. */
export interface Outcome {
	/** Exchanges, messages or runs that were compared. */
	readonly checked: number;
	/** Of what should have come out whole, how much did; undefined: not the question. */
	readonly whole?: number;
	readonly defect?: Defect | undefined;
}

/** Something that must not happen, and how to see it again. */
export interface Defect {
	readonly what: string;
	/** What was done to the traffic, before anything was left out to make the case smaller. */
	readonly note?: string;
	readonly chunks: readonly Chunk[];
	/** Looks again, at fewer chunks: what is wrong with them, or undefined. Left out: chunks cannot be left out. */
	readonly again?: (chunks: readonly Chunk[]) => string | undefined;
}

/** A property of the parser; each seed is one case of it. */
export interface Property {
	readonly name: string;
	readonly says: string;
	try(random: Random): Outcome;
}

/** The same failure from as few chunks, and as few bytes, as can be had by leaving out. */
export function shrink(defect: Defect): Defect {
	const { again } = defect;
	if (again === undefined) return defect;
	let chunks = defect.chunks;
	for (let size = chunks.length >> 1; size >= 1; size >>= 1) {
		for (let at = 0; at < chunks.length; ) {
			const fewer = [...chunks.slice(0, at), ...chunks.slice(at + size)];
			if (fewer.length < chunks.length && failure(again, fewer) !== undefined) chunks = fewer;
			else at += size;
		}
	}
	return { ...defect, chunks, what: failure(again, chunks) ?? defect.what };
}

function failure(again: NonNullable<Defect["again"]>, chunks: readonly Chunk[]): string | undefined {
	try {
		return again(chunks);
	} catch (error) {
		return String(error);
	}
}

/** Most chunks shown: no more can be taken in. */
const SHOWN = 40;

/** Chunks as lines to be read by people: direction, id, offset, bytes. */
export function show(chunks: readonly Chunk[]): string {
	return chunks
		.slice(0, SHOWN)
		.map(({ direction, dataId, prevDataId, sequence, offset, bytes, payload, tail, endNs }) => {
			let text = "";
			for (const byte of payload) text += String.fromCharCode(byte);
			const more = bytes > payload.length ? ` of ${bytes}, tail ${tail?.length ?? 0}` : "";
			const place = `id ${dataId} (after ${prevDataId}${sequence > 0 ? `, piece ${sequence}` : ""}) at ${offset ?? "?"}`;
			return `    ${direction === 1 ? "in " : "out"} ${place} ${endNs} ns ${payload.length} B${more} ${JSON.stringify(text)}`;
		})
		.join("\n");
}

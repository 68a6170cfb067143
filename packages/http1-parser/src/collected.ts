import type { BodyPolicy } from "./body-tap.ts";

/** The beginning of a body, piece by piece. */
interface Collected {
	pieces: Uint8Array[];
	/** Bytes are missing behind them: what comes later would stand in the wrong place. */
	ended: boolean;
}

/** Beside the messages, so that those without a collected body do not carry a field for it. */
const BODIES: WeakMap<object, Collected> = new WeakMap();

/** Takes the next bytes of a message's body, and keeps them as `message.body`: a receiver for those who have `copy: true`. */
export function collectBody(message: object, slice: Uint8Array, missing: number): void {
	let body = BODIES.get(message);
	if (body === undefined) {
		body = { pieces: [], ended: false };
		BODIES.set(message, body);
	}
	if (missing !== 0) body.ended = true;
	else if (!body.ended) body.pieces.push(slice);
}

/** What was collected for a message, joined once. */
export function collectedBody(message: object): Uint8Array | undefined {
	const body = BODIES.get(message);
	if (body === undefined) return undefined;
	if (body.pieces.length !== 1) {
		const joined = new Uint8Array(body.pieces.reduce((sum, piece) => sum + piece.length, 0));
		let at = 0;
		for (const piece of body.pieces) {
			joined.set(piece, at);
			at += piece.length;
		}
		body.pieces = [joined];
	}
	return body.pieces[0];
}

/** What to collect: never more than `max` bytes of a message. "length" is nothing to be collected. */
export function collectedPolicy(policy: BodyPolicy = "none", max: number = 1 << 20): BodyPolicy {
	if (policy === "none" || policy === "length") return "none";
	return { prefix: policy === "all" ? max : Math.min(policy.prefix, max) };
}

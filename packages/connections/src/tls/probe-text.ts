import type { TlsProbeState } from "./file-probes.ts";
import type { ProbeCost } from "./probe-cost.ts";
import type { TlsFunction, TlsSite, TlsSites } from "./tls-functions.ts";

/** What a probe costs each call that passes it, in words. */
const COST: Readonly<Record<ProbeCost, string>> = { emulated: "emulated", stepped: "stepped", unknown: "cost unknown" };

/** What those words mean: measured in two virtual machines, and published for a machine that is none. */
export const TLS_COSTS: string =
	"a probe costs a call 0.7 to 7 us where its instruction is emulated, 10 to 24 us in a virtual machine (1 us outside) where it is stepped";

/** A function, where it would be watched, and what that costs: `SSL_read at +22 (emulated), leaving at +56 (emulated)`. */
export function tlsFunctionText({ name, offset, plain, inside }: TlsFunction): string {
	return `${name} ${sitesText(inside ?? plain, offset)}${inside ? ", once calls have shown the same there" : ""}`;
}

/** A function and where it is watched now. */
export function tlsStateText({ name, stage, offset, sites }: TlsProbeState): string {
	const why = { plain: "", inside: ", tried", trial: ", cheaper sites on trial", failed: ", as cheaper sites failed" }[
		stage
	];
	return `${name} ${sitesText(sites, offset)}${why}`;
}

function sitesText({ entry, exits }: TlsSites, start: number): string {
	const place = entry.offset - start;
	const [first] = exits;
	if (place < 0 || place > FAR) return `around the function that it calls (${COST[entry.cost]})`;
	const text = ({ offset, atReturn, cost }: TlsSite): string =>
		`${atReturn ? "its return" : `+${offset - start}`} (${COST[cost]})`;
	const many = first && exits.length > 3 ? `${exits.length} return instructions (${COST[first.cost]})` : undefined;
	return `at +${place} (${COST[entry.cost]}), leaving at ${many ?? exits.map(text).join(" or ")}`;
}

/** Behind a prologue: another function's. */
const FAR = 128;

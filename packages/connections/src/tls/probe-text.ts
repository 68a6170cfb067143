import type { TlsProbeState } from "./file-probes.ts";
import type { ProbeCost } from "./probe-cost.ts";
import type { TlsFunction, TlsSite, TlsSites } from "./tls-functions.ts";

/** What a probe costs each call that passes it, measured; a stepped one the more in a virtual machine. */
const COST: Readonly<Record<ProbeCost, string>> = {
	emulated: "1 us",
	stepped: "1 us, 10 us in a virtual machine",
	unknown: "some us",
};

/** A function, where it would be watched, and what that costs: `SSL_read at +22 (1 us), leaving at +56 (1 us)`. */
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
	const text = ({ offset, atReturn, cost }: TlsSite): string =>
		`${atReturn ? "its return" : `+${offset - start}`} (${COST[cost]})`;
	const listed =
		exits.length > 3 ? `${exits.length} return instructions (${COST[exits[0]!.cost]})` : exits.map(text).join(" or ");
	return `at +${entry.offset - start} (${COST[entry.cost]}), leaving at ${listed}`;
}

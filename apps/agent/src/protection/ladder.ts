import { WATCHED_ALL } from "@wirescribe/bpf-programs";

/** How much of the agent's work is done. Plain data: it crosses threads. */
export interface Throttle {
	/** Bytes copied of an operation that starts a message, and of any other one. */
	readonly headLimit: number;
	readonly bodyLimit: number;
	/** Of what would be logged, this part of the traces. */
	readonly sampleRatio: number;
	/** Requests a second of one endpoint; undefined: all. */
	readonly endpointPerSecond: number | undefined;
	/** Of the sockets, so many in 1,024 are watched by the kernel's programs. */
	readonly watched: number;
	/** Of the memory for records that are not acknowledged, this part may be used. */
	readonly retained: number;
	/** Open connections that a partition keeps. */
	readonly connections: number;
	/** The programs are let go of. */
	readonly detached: boolean;
}

/** Everything is done. */
export const UNTHROTTLED: Throttle = {
	headLimit: 32_768,
	bodyLimit: 4096,
	sampleRatio: 1,
	endpointPerSecond: undefined,
	watched: WATCHED_ALL,
	retained: 1,
	connections: 1_000_000,
	detached: false,
};

export type Step = "full" | "short" | "sample" | "shed" | "part" | "detached" | "retain" | "connections";

/** One rung of a ladder: what is done on it, and how much less that costs than the rung before, at the very most. */
export interface Rung {
	readonly step: Step;
	readonly throttle: Throttle;
	/** Used to see ahead: down only where the rung below would keep the budget even if it costs so much more. */
	readonly relief: number;
}

/** The steps that are taken when the budget of a resource is not kept, in their order. A rung includes those before it. */
export type Ladder = readonly Rung[];

const SHORT = { headLimit: 4096, bodyLimit: 256 };
const SAMPLED = { ...SHORT, sampleRatio: 0.1 };
const SHED = { ...SAMPLED, endpointPerSecond: 1 };
const FEWER = { retained: 1 / 16, connections: 1000 };

/**
 * User space first: copy less, write less, of errors everything. But reading events has its price, whatever becomes of them, so in the
 * end the kernel is told to watch a part of the connections only, and at last none.
 */
export const CPU_LADDER: Ladder = [
	rung("full", {}, 1),
	rung("short", SHORT, 1.3),
	rung("sample", { ...SHORT, sampleRatio: 0.5 }, 1.5),
	rung("sample", { ...SHORT, sampleRatio: 0.25 }, 1.3),
	rung("sample", SAMPLED, 1.3),
	rung("shed", { ...SAMPLED, endpointPerSecond: 10 }, 1.3),
	rung("shed", SHED, 1.2),
	...parts(SHED, 256),
	rung("detached", { ...SHED, watched: 0, detached: true }, 2),
];

/** Memory is held by records that wait for the backend, then by connections; sampling would not give any back. */
export const MEMORY_LADDER: Ladder = [
	rung("full", {}, 1),
	rung("retain", { retained: 1 / 4 }, 1.1),
	rung("retain", { retained: 1 / 16 }, 1.1),
	rung("connections", { retained: 1 / 16, connections: 10_000 }, 1.1),
	rung("connections", FEWER, 1.1),
	rung("short", { ...FEWER, ...SHORT }, 1.1),
	...parts({ ...FEWER, ...SHORT }, 64).map((one) => ({ ...one, relief: 1.1 })),
	rung("detached", { ...FEWER, ...SHORT, watched: 0, detached: true }, 1.1),
];

/** The names of a ladder's steps, in their order. */
export function stepsOf(ladder: Ladder): Step[] {
	return [...new Set(ladder.map(({ step }) => step))];
}

/** What keeps all of the budgets: of each the least. */
export function strictest(throttles: readonly Throttle[]): Throttle {
	return throttles.reduce(
		(a, b): Throttle => ({
			headLimit: Math.min(a.headLimit, b.headLimit),
			bodyLimit: Math.min(a.bodyLimit, b.bodyLimit),
			sampleRatio: Math.min(a.sampleRatio, b.sampleRatio),
			endpointPerSecond: leastOf(a.endpointPerSecond, b.endpointPerSecond),
			watched: Math.min(a.watched, b.watched),
			retained: Math.min(a.retained, b.retained),
			connections: Math.min(a.connections, b.connections),
			detached: a.detached || b.detached,
		}),
		UNTHROTTLED,
	);
}

/** Half of the sockets, a quarter, down to one in `least`. */
function parts(base: Partial<Throttle>, least: number): Rung[] {
	return Array.from({ length: Math.log2(least) }, (_, index) =>
		rung("part", { ...base, watched: WATCHED_ALL / 2 ** (index + 1) }, 2),
	);
}

function rung(step: Step, changes: Partial<Throttle>, relief: number): Rung {
	return { step, relief, throttle: { ...UNTHROTTLED, ...changes } };
}

function leastOf(a: number | undefined, b: number | undefined): number | undefined {
	return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}

/**
 * What watching costs, as measured on the machine of bench/RESULTS.md: figures of `npm run bench:capture`, `bench:tls` and
 * `bench:agent`. A test says when they are stale. Another machine has others, in about the same ratios; `run --measure-probes` tells its own.
 */
export const COSTS = {
	/** Added to a system call that has no program, of any process, while tracepoints are on. */
	unhookedNs: 39,
	/** Added to a call that has programs, when it is on no socket. */
	otherNs: 144,
	/** Added to a read or write of a request or response that is watched; when another port is watched. */
	exchangeNs: 767,
	exchangeElsewhereNs: 357,
	/** CPU of the agent for each request that it logs and delivers, at 20,000 requests/s. */
	agentUsPerRequest: 8.63,
	/** Peak resident memory of the agent at that rate. */
	agentMemoryMiB: 155,
} as const;

import { discover, type RegistryTier, type SrvLookup, type SrvTier } from "./discovery.ts";
import { ownStatus, UNAVAILABLE } from "./h2-status.ts";
import { failedStream } from "./h2-stream.ts";
import { backoffMs } from "./retry.ts";
import type { Transport, UnitRequest, UnitStatus, UnitStream } from "./transport.ts";

/** Targets of one tier, or who knows them. */
export type EndpointTier = readonly string[] | SrvTier | RegistryTier;

export interface EndpointsOptions {
	/** Tried in this order: an endpoint of a later tier only while none of the earlier ones is well. */
	readonly tiers: readonly EndpointTier[];
	readonly connect: (target: string) => Transport;
	/** An endpoint that failed is left alone for a time drawn up to this (default 1000), which doubles with each failure ... */
	readonly initialMs?: number;
	/** ... up to this (default 120000). */
	readonly maxMs?: number;
	/** A connection is given up after so long, +-10 %, and an endpoint chosen anew (default 300000; 0: never). */
	readonly maxConnectionAgeMs?: number;
	/** SRV records and registries are asked again after so long (default 30000). */
	readonly discoveryMs?: number;
	readonly lookup?: SrvLookup;
}

interface Endpoint {
	readonly target: string;
	failures: number;
	/** Not before this (performance.now). */
	readyMs: number;
}

interface Current {
	readonly endpoint: Endpoint;
	readonly transport: Transport;
	readonly untilMs: number;
	streams: number;
	retired: boolean;
}

/**
 * A transport over a list of endpoints: one is chosen by tier, by lot within a tier; when it fails the next one takes over,
 * at once. The best one is looked for again when the connection has reached its age.
 */
export function endpointsTransport(options: EndpointsOptions): Transport {
	const { tiers, connect, maxConnectionAgeMs = 300_000, discoveryMs = 30_000, lookup } = options;
	if (tiers.length === 0 || tiers.some((tier) => "length" in tier && tier.length === 0)) {
		throw new TypeError("Cannot create a transport as 'tiers' must list at least one endpoint in each tier");
	}
	const reconnect = { initialMs: options.initialMs ?? 1000, maxMs: options.maxMs ?? 120_000, multiplier: 2 };
	const known = new Map<string, Endpoint>();
	const found = new Map<EndpointTier, { targets: readonly string[]; askedMs: number }>();
	let current: Current | null = null;
	let closed = false;

	function targetsOf(tier: EndpointTier): readonly string[] {
		if ("length" in tier) return tier;
		const now = performance.now();
		const answer = found.get(tier) ?? { targets: [], askedMs: Number.NEGATIVE_INFINITY };
		const fresh = answer.targets.length === 0 ? reconnect.initialMs : discoveryMs;
		if (now - answer.askedMs < fresh) return answer.targets;
		found.set(tier, { ...answer, askedMs: now });
		// What was known holds until there is an answer, and if there is none.
		discover(tier, lookup).then(
			(targets) => found.set(tier, { targets, askedMs: now }),
			() => {},
		);
		return answer.targets;
	}

	function endpointOf(target: string): Endpoint {
		const endpoint = known.get(target) ?? { target, failures: 0, readyMs: 0 };
		known.set(target, endpoint);
		return endpoint;
	}

	/** The endpoint to try now; null: none is ready. */
	function choose(): Endpoint | null {
		const now = performance.now();
		for (const tier of tiers) {
			const ready = targetsOf(tier)
				.map(endpointOf)
				.filter(({ readyMs }) => readyMs <= now);
			// SRV records are in their order already.
			const at = !("srv" in tier) ? Math.floor(Math.random() * ready.length) : 0;
			if (ready[at] !== undefined) return ready[at];
		}
		return null;
	}

	function use(endpoint: Endpoint): Current {
		const spread = 0.9 + Math.random() * 0.2;
		const age = maxConnectionAgeMs > 0 ? maxConnectionAgeMs * spread : Number.POSITIVE_INFINITY;
		const chosen: Current = {
			...{
				endpoint,
				transport: connect(endpoint.target),
				untilMs: performance.now() + age,
				streams: 0,
				retired: false,
			},
		};
		chosen.transport.onConnection = (change) => transport.onConnection?.(change);
		return chosen;
	}

	/** No more streams for it; it is closed with its last one. */
	function retire(chosen: Current): void {
		chosen.retired = true;
		if (chosen === current) current = null;
		if (chosen.streams === 0) chosen.transport.close();
	}

	function ended(chosen: Current, status: UnitStatus): UnitStatus {
		chosen.streams--;
		const { endpoint } = chosen;
		const failed = status.code !== 0 && (status.broken === true || status.code === UNAVAILABLE);
		if (failed && !chosen.retired) {
			endpoint.failures++;
			endpoint.readyMs =
				performance.now() + backoffMs({ ...reconnect, jitter: 0.5, maxElapsedMs: 0 }, endpoint.failures, Math.random());
			retire(chosen);
		} else {
			if (status.code === 0) endpoint.failures = 0;
			if (chosen.retired && chosen.streams === 0) chosen.transport.close();
		}
		return failed && !closed && choose() !== null ? { ...status, elsewhere: true } : status;
	}

	function open(request: UnitRequest): UnitStream {
		if (closed) return failedStream(ownStatus(UNAVAILABLE, "the transport is closed", false));
		if (current !== null && performance.now() > current.untilMs) retire(current);
		if (current === null) {
			const endpoint = choose();
			if (endpoint === null) return failedStream(ownStatus(UNAVAILABLE, "no endpoint is ready", false));
			current = use(endpoint);
		}
		const chosen = current;
		chosen.streams++;
		const stream = chosen.transport.open(request);
		return withStatus(
			stream,
			stream.status.then((status) => ended(chosen, status)),
		);
	}

	const transport: Transport = {
		get name() {
			return current?.endpoint.target ?? describe(tiers);
		},
		onConnection: null,
		open,
		close() {
			closed = true;
			if (current !== null) retire(current);
		},
	};
	return transport;
}

/** The same stream with another view of its end. */
function withStatus(stream: UnitStream, status: Promise<UnitStatus>): UnitStream {
	return {
		status,
		write: (message) => stream.write(message),
		...(stream.writeFrames === undefined ? {} : { writeFrames: (bytes) => stream.writeFrames?.(bytes) ?? true }),
		drain: () => stream.drain(),
		end: () => stream.end(),
		cancel: () => stream.cancel(),
		...(stream.heard === undefined ? {} : { heard: () => stream.heard?.() ?? 0 }),
	};
}

function describe(tiers: readonly EndpointTier[]): string {
	const known = (tier: EndpointTier): string =>
		"length" in tier ? tier.join(",") : "srv" in tier ? tier.srv : tier.registry;
	return tiers.map(known).join(" or ");
}

import { resolveSrv } from "node:dns/promises";

/** A name's services: `resolveSrv` of node:dns/promises, or of a Resolver of its own. */
export type SrvLookup = (name: string) => Promise<readonly SrvAddress[]>;

export interface SrvAddress {
	readonly name: string;
	readonly port: number;
	readonly priority: number;
	readonly weight: number;
}

/** The targets that a DNS name's SRV records list: `_grpc._tcp.collectors.example`. */
export interface SrvTier {
	readonly srv: string;
}

/** The targets that an HTTP registry lists. */
export interface RegistryTier {
	/** Asked with GET; it answers JSON. */
	readonly registry: string;
	/**
	 * Finds the targets in the answer. Default: a list of `host:port`, or of groups of them, `[{ "targets": [...] }]`, as
	 * Prometheus' HTTP service discovery has it.
	 */
	readonly read?: (answer: unknown) => readonly string[];
	/** Sent with the question: a token, for instance. */
	readonly headers?: Readonly<Record<string, string>>;
}

/** A registry that takes longer has not answered. */
const ANSWER_MS = 5000;

/** Asks for the targets of a tier; rejects when there is no answer that can be used. */
export async function discover(
	tier: SrvTier | RegistryTier,
	lookup: SrvLookup = resolveSrv,
): Promise<readonly string[]> {
	if ("srv" in tier) return inOrder(await lookup(tier.srv));
	const { registry, read = targetsIn, headers = {} } = tier;
	const response = await fetch(registry, { headers: { ...headers }, signal: AbortSignal.timeout(ANSWER_MS) });
	if (!response.ok) {
		await response.body?.cancel();
		throw new Error(`HTTP status ${response.status} of ${registry}`);
	}
	const targets = read(await response.json());
	if (targets.length === 0) throw new Error(`no targets in the answer of ${registry}`);
	return targets;
}

function targetsIn(answer: unknown): readonly string[] {
	const entries = Array.isArray(answer) ? answer : [];
	return entries
		.flatMap((entry) => (typeof entry === "string" ? [entry] : Array.isArray(entry?.targets) ? entry.targets : []))
		.filter((target) => typeof target === "string");
}

/** By priority; among equals by lot, heavier ones first more often (RFC 2782). */
function inOrder(records: readonly SrvAddress[]): readonly string[] {
	return records
		.map((record) => ({ record, draw: Math.random() ** (1 / Math.max(record.weight, 0.1)) }))
		.sort((a, b) => a.record.priority - b.record.priority || b.draw - a.draw)
		.map(({ record }) => `${record.name}:${record.port}`);
}

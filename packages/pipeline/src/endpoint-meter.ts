import { type Connection, pathTemplate, type Transaction } from "@wirescribe/access-log";
import type { RecordOutput } from "./record-output.ts";

/** Upper bounds of the classes of duration, in seconds; one class more is for what is longer. */
export const DURATION_BOUNDS: readonly number[] = [
	0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** How requests were answered: by the first digit of the status, or not at all as far as was seen. */
export const OUTCOMES = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** What stands for every endpoint that has none of its own. */
export const OTHER_ENDPOINT = "other";

/** What was counted of one endpoint on one side. Plain data: it crosses threads. */
export interface EndpointCounts {
	readonly role: Connection["role"];
	/** Method and path template, `GET /orders/{id}`, or {@link OTHER_ENDPOINT}. */
	readonly endpoint: string;
	/** Requests, in the order of {@link OUTCOMES}. */
	readonly outcomes: readonly number[];
	/** Answered requests in each class of {@link DURATION_BOUNDS}, not summed up, and one class more. */
	readonly durations: readonly number[];
	readonly durationSumSeconds: number;
}

interface Entry extends EndpointCounts {
	readonly outcomes: number[];
	readonly durations: number[];
	durationSumSeconds: number;
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"]);
/** What a path that does not exist is answered with: whoever scans for paths must not use up the endpoints. */
const NO_ENDPOINT = new Set([400, 404, 405, 414]);
const MAX_PATHS = 4096;

/**
 * Counts requests by endpoint: how they were answered, and how long it took. As an output beside others it sees each transaction once.
 *
 * Holds at most `maxEndpoints`; those that come later are `other`, so are methods that HTTP does not define, and paths that nobody
 * has answered but with "there is no such thing". An endpoint once counted stays: counters never go back.
 */
export class EndpointMeter implements RecordOutput {
	readonly #maxEndpoints: number;
	readonly #entries = new Map<string, Entry>();
	/** Of paths seen before, by role, method and path as sent: making a template costs more than all else here. */
	readonly #known = new Map<string, Map<string, Entry>>();
	#paths = 0;

	constructor(maxEndpoints: number) {
		this.#maxEndpoints = maxEndpoints;
	}

	transaction(transaction: Transaction): void {
		const { connection, endNs, method, request, startNs, status } = transaction;
		// A response whose request was not seen has no endpoint.
		if (request === null) return;
		const entry = this.#entry(connection.role, method, transaction.path, status);
		const outcome = status === null ? 0 : Math.floor(status / 100);
		entry.outcomes[outcome >= 1 && outcome <= 5 ? outcome : 0]!++;
		if (status === null) return;
		const seconds = Math.max(0, endNs - startNs) / 1e9;
		entry.durationSumSeconds += seconds;
		entry.durations[classOf(seconds)]!++;
	}

	operations(): void {}

	counts(): EndpointCounts[] {
		return [...this.#entries.values()].map((entry) => ({
			...entry,
			outcomes: [...entry.outcomes],
			durations: [...entry.durations],
		}));
	}

	#entry(role: Connection["role"], method: string, target: string, status: number | null): Entry {
		const query = target.indexOf("?");
		const path = query === -1 ? target : target.slice(0, query);
		const scope = `${role} ${method}`;
		const known = this.#known.get(scope)?.get(path);
		if (known) return known;
		const entry = this.#find(role, METHODS.has(method) ? `${method} ${pathTemplate(path)}` : undefined, status);
		if (entry.endpoint !== OTHER_ENDPOINT) this.#remember(scope, path, entry);
		return entry;
	}

	#find(role: Connection["role"], endpoint: string | undefined, status: number | null): Entry {
		const entry = endpoint === undefined ? undefined : this.#entries.get(`${role} ${endpoint}`);
		if (entry) return entry;
		const known = endpoint !== undefined && status !== null && !NO_ENDPOINT.has(status);
		const name = known && this.#entries.size < this.#maxEndpoints ? endpoint : OTHER_ENDPOINT;
		const key = `${role} ${name}`;
		const found = this.#entries.get(key) ?? emptyCounts(role, name);
		this.#entries.set(key, found);
		return found;
	}

	#remember(scope: string, path: string, entry: Entry): void {
		if (this.#paths >= MAX_PATHS) {
			this.#known.clear();
			this.#paths = 0;
		}
		const paths = this.#known.get(scope) ?? new Map<string, Entry>();
		this.#known.set(scope, paths);
		paths.set(path, entry);
		this.#paths++;
	}
}

/** Adds up what several partitions have counted, under the same bound. Asked again and again it answers no less than before. */
export class EndpointTotals {
	readonly #maxEndpoints: number;
	readonly #admitted = new Set<string>();

	constructor(maxEndpoints: number) {
		this.#maxEndpoints = maxEndpoints;
	}

	sum(partitions: readonly (readonly EndpointCounts[])[]): EndpointCounts[] {
		const sums = new Map<string, Entry>();
		for (const counts of partitions.flat()) {
			const endpoint = this.#admits(counts) ? counts.endpoint : OTHER_ENDPOINT;
			const key = `${counts.role} ${endpoint}`;
			const entry = sums.get(key) ?? emptyCounts(counts.role, endpoint);
			sums.set(key, entry);
			for (const [index, count] of counts.outcomes.entries()) entry.outcomes[index]! += count;
			for (const [index, count] of counts.durations.entries()) entry.durations[index]! += count;
			entry.durationSumSeconds += counts.durationSumSeconds;
		}
		return [...sums.values()];
	}

	/** Who came first stays, and who was not admitted never is: a sum would go back. */
	#admits({ role, endpoint }: EndpointCounts): boolean {
		const key = `${role} ${endpoint}`;
		if (endpoint === OTHER_ENDPOINT || this.#admitted.has(key)) return true;
		if (this.#admitted.size >= this.#maxEndpoints) return false;
		this.#admitted.add(key);
		return true;
	}
}

function emptyCounts(role: Connection["role"], endpoint: string): Entry {
	return {
		role,
		endpoint,
		outcomes: OUTCOMES.map(() => 0),
		durations: Array.from({ length: DURATION_BOUNDS.length + 1 }, () => 0),
		durationSumSeconds: 0,
	};
}

function classOf(seconds: number): number {
	let index = 0;
	while (index < DURATION_BOUNDS.length && seconds > DURATION_BOUNDS[index]!) index++;
	return index;
}

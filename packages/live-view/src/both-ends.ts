import type { JsonTransaction } from "@wirescribe/access-log";

/** Connections remembered, twice: some 10 MB at most. */
const MAX_CONNECTIONS = 32_768;

/**
 * Knows the requests that were seen from both ends: when client and server are on one machine each is logged twice, and to
 * count it once the client's record is left out.
 *
 * A connection is remembered when its server's end was seen, the last 32,768 at least.
 */
export class BothEnds {
	#recent = new Set<string>();
	#older = new Set<string>();

	/** True for the client's record of a request whose server's record is there as well. */
	isSecond({ role, local, remote }: JsonTransaction): boolean {
		if (role === "server") this.#remember(`${remote} ${local}`);
		if (role !== "client") return false;
		const key = `${local} ${remote}`;
		return this.#recent.has(key) || this.#older.has(key);
	}

	#remember(key: string): void {
		if (this.#recent.has(key)) return;
		if (this.#recent.size >= MAX_CONNECTIONS) {
			this.#older = this.#recent;
			this.#recent = new Set();
		}
		this.#recent.add(key);
	}
}

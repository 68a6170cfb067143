import type { CaptureRing } from "@wirescribe/bpf-programs";
import { ExistenceCheck, type ExistenceCheckOptions, type Presence } from "@wirescribe/connections";

/** How often it is seen which connections are idle: the check itself asks about each every 30 s at most. */
const PAUSE_NS = 5e9;
/** The kernel is read in batches of its own; one question is as good as many. */
const BATCH = 65_536;

/** Finds connections whose end was lost: idle ones of which the kernel knows nothing any more. */
export class UnseenEnds {
	readonly #ring: Pick<CaptureRing, "socketIds">;
	readonly #check: ExistenceCheck;
	#nextNs = 0;

	constructor(ring: Pick<CaptureRing, "socketIds">, options: ExistenceCheckOptions = {}) {
		this.#ring = ring;
		this.#check = new ExistenceCheck({ batch: BATCH, ...options });
	}

	/** Those of the open connections (id, last event) that are over. */
	look(nowNs: number, open: () => Iterable<readonly [id: number, lastNs: number]>): readonly number[] {
		if (nowNs < this.#nextNs) return [];
		this.#nextNs = nowNs + PAUSE_NS;
		return this.#check.run(nowNs, open(), (ids) => this.#ask(ids));
	}

	/** A kernel that cannot be asked says nothing about any of them. */
	#ask(ids: readonly number[]): Presence[] {
		let living: ReadonlySet<number>;
		try {
			living = this.#ring.socketIds();
		} catch {
			return ids.map(() => "error");
		}
		return ids.map((id) => (living.has(id) ? "present" : "missing"));
	}
}

import { LatencySketch } from "./latency-sketch.ts";

/** A slot of the window, milliseconds; rates are over about as long. */
const SLOT_MS = 5_000;
const SLOTS = 12;
/** How far back the figures go, milliseconds. */
export const WINDOW_MS: number = SLOT_MS * SLOTS;

/** What one exchange adds to the figures. */
export interface Sample {
	readonly durationNs: number;
	readonly failed: boolean;
	readonly requestBytes: number;
	readonly responseBytes: number;
}

/** The figures of one group over the last minute. */
export interface TrafficSummary {
	readonly count: number;
	readonly failed: number;
	/** Exchanges a second, over the last five. */
	readonly rate: number;
	/** Nanoseconds; undefined: nothing came in the last minute. */
	readonly p50: number | undefined;
	readonly p90: number | undefined;
	readonly p99: number | undefined;
	/** Bytes a second, over the last five. */
	readonly requestRate: number;
	readonly responseRate: number;
}

interface Slot {
	/** Number of the slot since time began; what is older than the window is empty. */
	index: number;
	count: number;
	failed: number;
	requestBytes: number;
	responseBytes: number;
	/** Made when the first sample comes. */
	latency: LatencySketch | undefined;
}

const merged = new LatencySketch();

/**
 * The last minute of one group's traffic, in twelve slots of five seconds that are used again in turn: 17 KB, however
 * much comes. All times are milliseconds of one clock, which may be a recording's.
 */
export class TrafficWindow {
	/** In no order; each has its place in the turn by its index. */
	readonly #slots: Slot[] = [];
	#latest: Slot | undefined;

	add(sample: Sample, nowMs: number): void {
		const slot = this.#slot(Math.floor(nowMs / SLOT_MS));
		slot.count++;
		if (sample.failed) slot.failed++;
		slot.requestBytes += sample.requestBytes;
		slot.responseBytes += sample.responseBytes;
		slot.latency ??= new LatencySketch();
		slot.latency.add(sample.durationNs);
	}

	/** Nothing came within the last minute. */
	isEmpty(nowMs: number): boolean {
		const oldest = Math.floor(nowMs / SLOT_MS) - SLOTS;
		return this.#slots.every(({ index }) => index <= oldest);
	}

	/** The figures at `nowMs`. `sinceMs` is when counting began: rates divide by no more time than that. */
	summary(nowMs: number, sinceMs: number): TrafficSummary {
		const current = Math.floor(nowMs / SLOT_MS);
		merged.clear();
		let count = 0;
		let failed = 0;
		for (const slot of this.#slots) {
			if (slot.index <= current - SLOTS) continue;
			count += slot.count;
			failed += slot.failed;
			if (slot.latency) merged.merge(slot.latency);
		}
		const perSecond = this.#perSecond(nowMs, sinceMs);
		return {
			count,
			failed,
			rate: perSecond(({ count }) => count),
			p50: merged.quantile(0.5),
			p90: merged.quantile(0.9),
			p99: merged.quantile(0.99),
			requestRate: perSecond(({ requestBytes }) => requestBytes),
			responseRate: perSecond(({ responseBytes }) => responseBytes),
		};
	}

	/** The last five seconds: this slot so far, and of the one before the part that is not older. */
	#perSecond(nowMs: number, sinceMs: number): (amount: (slot: Slot) => number) => number {
		const current = Math.floor(nowMs / SLOT_MS);
		const rest = 1 - (nowMs / SLOT_MS - current);
		const now = this.#slots.find(({ index }) => index === current);
		const before = this.#slots.find(({ index }) => index === current - 1);
		const seconds = Math.min(Math.max(nowMs - sinceMs, 1_000), SLOT_MS) / 1_000;
		// What began less than a slot ago is in the slot before as a whole.
		const share = nowMs - sinceMs < SLOT_MS ? 1 : rest;
		return (amount) => ((now ? amount(now) : 0) + (before ? amount(before) * share : 0)) / seconds;
	}

	#slot(index: number): Slot {
		if (this.#latest?.index === index) return this.#latest;
		let slot = this.#slots.find((one) => one.index % SLOTS === index % SLOTS);
		if (!slot) {
			slot = { index, count: 0, failed: 0, requestBytes: 0, responseBytes: 0, latency: undefined };
			this.#slots.push(slot);
		} else if (slot.index !== index) {
			Object.assign(slot, { index, count: 0, failed: 0, requestBytes: 0, responseBytes: 0 });
			slot.latency?.clear();
		}
		this.#latest = slot;
		return slot;
	}
}

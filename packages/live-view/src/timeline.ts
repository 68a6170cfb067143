import type { JsonTransaction } from "@wirescribe/access-log";
import type { TrafficModel } from "./traffic-model.ts";
import { WINDOW_MS } from "./traffic-window.ts";

/** One transaction of a recording; read when its time comes. */
export interface TimelineEntry {
	/** When it was over, milliseconds since 1970. */
	readonly atMs: number;
	read(): JsonTransaction;
}

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 50] as const;
/** The slider's steps over the whole recording. */
const STEPS = 50;

/** Plays a recording into a model: on its clock, at a speed, from any point. */
export class Timeline {
	readonly fromMs: number;
	readonly toMs: number;
	/** Where it is, milliseconds since 1970. */
	positionMs: number;
	playing = true;
	readonly #entries: readonly TimelineEntry[];
	readonly #model: TrafficModel;
	/** The first entry that the model does not have. */
	#next = 0;
	#speed: number = SPEEDS.indexOf(1);

	/** `entries` in the order of their time. */
	constructor(entries: readonly TimelineEntry[], model: TrafficModel) {
		this.#entries = entries;
		this.#model = model;
		this.fromMs = Math.floor(entries[0]?.atMs ?? 0);
		this.toMs = Math.max(Math.ceil(entries.at(-1)?.atMs ?? 0), this.fromMs + 1);
		this.positionMs = this.fromMs;
		model.clear(this.fromMs);
	}

	/** How much faster than it was. */
	get speed(): number {
		return SPEEDS[this.#speed] as number;
	}

	get atEnd(): boolean {
		return this.positionMs >= this.toMs;
	}

	/** Plays on for `elapsedMs` of the watcher's time. Ends by stopping. */
	advance(elapsedMs: number): void {
		if (!this.playing) return;
		this.#goTo(this.positionMs + elapsedMs * this.speed);
		if (this.atEnd) this.playing = false;
	}

	/** Stops or goes on; at the end, from the beginning. */
	toggle(): void {
		if (!this.playing && this.atEnd) this.seek(this.fromMs);
		this.playing = !this.playing;
	}

	faster(): void {
		this.#speed = Math.min(this.#speed + 1, SPEEDS.length - 1);
	}

	slower(): void {
		this.#speed = Math.max(this.#speed - 1, 0);
	}

	/** Moves by steps of a fiftieth of the recording. */
	step(steps: number): void {
		this.seek(this.positionMs + (steps * (this.toMs - this.fromMs)) / STEPS);
	}

	/** The model shows what it would have shown then. */
	seek(toMs: number): void {
		const to = Math.min(Math.max(toMs, this.fromMs), this.toMs);
		if (to < this.positionMs) this.#forget(to);
		this.#goTo(to);
	}

	#goTo(toMs: number): void {
		const to = Math.min(toMs, this.toMs);
		// What is older than the window would be forgotten again.
		if (to - this.positionMs > WINDOW_MS) this.#forget(to);
		this.positionMs = to;
		for (; ; this.#next++) {
			const entry = this.#entries[this.#next];
			if (!entry || entry.atMs > to) return;
			this.#model.add(entry.read(), entry.atMs);
		}
	}

	#forget(toMs: number): void {
		const since = Math.max(this.fromMs, toMs - WINDOW_MS);
		this.#model.clear(since);
		this.#next = this.#firstFrom(since);
	}

	#firstFrom(ms: number): number {
		let low = 0;
		let high = this.#entries.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((this.#entries[middle] as TimelineEntry).atMs < ms) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}

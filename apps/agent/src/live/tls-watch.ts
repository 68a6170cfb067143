import process from "node:process";
import type { Capture } from "@wirescribe/bpf-programs";
import {
	FRAME_BYTES,
	frameLength,
	isWhole,
	KIND,
	nextFrame,
	process as processEvent,
	textAt,
} from "@wirescribe/bpf-programs/events";
import { systemTlsLibraries, TlsProbes, tlsStateText } from "@wirescribe/connections";
import type { TlsNotVisible, TlsWatched } from "@wirescribe/pipeline";

/** How often process events are looked at: a program needs longer from its start to its first TLS record. */
const POLL_MS = 20;
const SWEEP_MS = 60_000;
/** How often trials of cheaper sites are looked at. */
const REVIEW_MS = 250;
/** Processes that could not be seen are remembered up to here. */
const MAX_NOT_VISIBLE = 256;
const COMM_BYTES = 16;

/**
 * Keeps the probes on TLS libraries in step with the processes of the machine: those that run at the start, those that start, and
 * those that the kernel finds speaking TLS while none of their libraries is known. Works on a timer, beside the event path.
 */
export class TlsWatch {
	readonly #capture: Capture;
	readonly #probes: TlsProbes;
	readonly #enabled: boolean;
	readonly #memory = new Uint8Array(1 << 16);
	readonly #view = new DataView(this.#memory.buffer);
	readonly #notVisible = new Map<number, TlsNotVisible>();
	readonly #timers: NodeJS.Timeout[];

	/** Not `enabled`: attaches nothing, and asks nobody why not. */
	constructor(capture: Capture, enabled: boolean) {
		this.#capture = capture;
		this.#enabled = enabled;
		this.#probes = new TlsProbes({
			attach: (path, points) => capture.attachTls(path, points),
			release: (probes) => capture.releaseTls(probes),
			trials: { begin: () => capture.beginTlsTrial(), result: (trial) => capture.tlsTrial(trial) },
			standing: enabled ? systemTlsLibraries() : [],
			excludePids: [process.pid],
		});
		if (enabled) this.#probes.scanAll();
		this.#timers = [
			setInterval(() => this.#poll(), POLL_MS),
			setInterval(() => this.#probes.review(), REVIEW_MS),
			setInterval(() => this.#probes.sweep(), SWEEP_MS),
		];
		for (const timer of this.#timers) timer.unref();
	}

	/** Processes that spoke TLS and could not be seen. */
	get notVisible(): TlsNotVisible[] {
		return [...this.#notVisible.values()];
	}

	/** What is attached. */
	get watched(): TlsWatched[] {
		return this.#probes.list().map(({ path, probes, pids, error }) => ({
			path,
			functions: probes.map(({ name }) => name),
			probes: probes.map(tlsStateText),
			processes: pids.length,
			...(error === undefined ? {} : { error }),
		}));
	}

	/** No more looking at processes; the probes stay until the capture is closed. */
	stop(): void {
		for (const timer of this.#timers) clearInterval(timer);
		this.#poll();
	}

	close(): void {
		this.stop();
		this.#probes.close();
	}

	#poll(): void {
		for (let length = this.#drain(); length > 0; length = this.#drain()) {
			for (let at = 0; at < length; at = nextFrame(this.#view, at)) {
				const event = at + FRAME_BYTES;
				if (isWhole(this.#view, event, frameLength(this.#view, at))) this.#event(event);
			}
		}
	}

	#drain(): number {
		return this.#capture.drainProcesses(this.#memory);
	}

	#event(at: number): void {
		if (!this.#enabled) return;
		const kind = processEvent.kind(this.#view, at);
		const pid = processEvent.tgid(this.#view, at);
		if (kind === KIND.exec || kind === KIND.exit) this.#probes.forget(pid);
		if (kind === KIND.exec || kind === KIND.tls) this.#probes.scan(pid);
		if (kind !== KIND.tls || this.#notVisible.has(pid) || this.#notVisible.size >= MAX_NOT_VISIBLE) return;
		const { reason } = this.#probes.visibility(pid);
		const comm = textAt(this.#view, processEvent.comm(this.#view, at), COMM_BYTES);
		if (reason !== undefined) this.#notVisible.set(pid, { pid, comm, reason });
	}
}

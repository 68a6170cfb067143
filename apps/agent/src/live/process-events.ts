import type { Capture } from "@wirescribe/bpf-programs";
import {
	EXEC,
	exec,
	FRAME_BYTES,
	frameLength,
	isWhole,
	KIND,
	nextFrame,
	process as processEvent,
	textAt,
} from "@wirescribe/bpf-programs/events";

/** How often process events are looked at: a program needs longer from its start to its first connection. */
const POLL_MS = 20;
const COMM_BYTES = 16;
const KINDS: ReadonlyMap<number, ProcessEvent["kind"]> = new Map([
	[KIND.exec, "exec"],
	[KIND.fork, "fork"],
	[KIND.exit, "exit"],
	[KIND.tls, "tls"],
]);

/** A process starts, becomes another program, or ends; `tls`: it speaks TLS outside of a known call. Plain data. */
export interface ProcessEvent {
	readonly kind: "exec" | "fork" | "exit" | "tls";
	/** When, ns on CLOCK_MONOTONIC. */
	readonly timeNs: number;
	readonly pid: number;
	readonly parent: number;
	readonly comm: string;
	readonly uid: number;
	/** Of exec: the program's path, as it was called. */
	readonly exe?: string;
}

/** Reads what the kernel reports of processes, on a timer beside the event path, and hands it to whoever keeps a picture of them. */
export class ProcessEvents {
	readonly #capture: Capture;
	readonly #memory = new Uint8Array(1 << 16);
	readonly #view = new DataView(this.#memory.buffer);
	readonly #listeners: ((events: readonly ProcessEvent[]) => void)[] = [];
	readonly #timer: NodeJS.Timeout;

	constructor(capture: Capture) {
		this.#capture = capture;
		this.#timer = setInterval(() => this.poll(), POLL_MS);
		this.#timer.unref();
	}

	subscribe(listener: (events: readonly ProcessEvent[]) => void): void {
		this.#listeners.push(listener);
	}

	poll(): void {
		for (let length = this.#drain(); length > 0; length = this.#drain()) {
			const events = this.#read(length);
			if (events.length > 0) for (const listener of this.#listeners) listener(events);
		}
	}

	/** What has come until now is the last. */
	stop(): void {
		clearInterval(this.#timer);
		this.poll();
	}

	#drain(): number {
		return this.#capture.drainProcesses(this.#memory);
	}

	#read(length: number): ProcessEvent[] {
		const view = this.#view;
		const events: ProcessEvent[] = [];
		for (let at = 0; at < length; at = nextFrame(view, at)) {
			const event = at + FRAME_BYTES;
			if (!isWhole(view, event, frameLength(view, at))) continue;
			const kind = KINDS.get(processEvent.kind(view, event));
			if (!kind) continue;
			events.push({
				kind,
				timeNs: processEvent.timeNs(view, event),
				pid: processEvent.tgid(view, event),
				parent: processEvent.ppid(view, event),
				comm: textAt(view, processEvent.comm(view, event), COMM_BYTES),
				uid: processEvent.uid(view, event),
				...(kind === "exec" ? { exe: textAt(view, exec.exe(view, event), EXEC.size - EXEC.exe) } : {}),
			});
		}
		return events;
	}
}

import type { Capture } from "@wirescribe/bpf-programs";
import { systemTlsLibraries, TlsProbes, tlsStateText } from "@wirescribe/connections";
import type { TlsNotVisible, TlsWatched } from "@wirescribe/pipeline";
import type { WatchOptions } from "../cli/watch-options.ts";
import { ownPid } from "./own-pid.ts";
import type { ProcessEvent, ProcessEvents } from "./process-events.ts";

const SWEEP_MS = 60_000;
/** How often trials of cheaper sites are looked at. */
const REVIEW_MS = 250;
/** Processes that could not be seen are remembered up to here. */
const MAX_NOT_VISIBLE = 256;
const MAX_PROGRAMS = 1024;
/** Said of the first start of a program; it takes 1 to 40 ms to find its functions. */
const TOO_EARLY =
	"its TLS began before its functions were found; what it does later is seen, and the program's next start";

/**
 * Keeps the probes on TLS libraries in step with the processes of the machine: those that run at the start, those that start, and
 * those that the kernel finds speaking TLS while none of their libraries is known. Works beside the event path.
 */
export class TlsWatch {
	readonly #probes: TlsProbes;
	readonly #notVisible = new Map<number, TlsNotVisible>();
	/** What was started last, by pid: a process may be gone before it is looked at. */
	readonly #programs = new Map<number, string>();
	readonly #timers: NodeJS.Timeout[];

	/** Without `tls`: attaches nothing, and asks nobody why not. */
	constructor(capture: Capture, processes: ProcessEvents, { tls: enabled, proc }: Pick<WatchOptions, "tls" | "proc">) {
		this.#probes = new TlsProbes({
			attach: (path, points) => capture.attachTls(path, points),
			release: (probes) => capture.releaseTls(probes),
			trials: { begin: () => capture.beginTlsTrial(), result: (trial) => capture.tlsTrial(trial) },
			standing: enabled ? systemTlsLibraries() : [],
			excludePids: [ownPid(proc)],
			proc,
		});
		this.#timers = [
			setInterval(() => this.#probes.review(), REVIEW_MS),
			setInterval(() => this.#probes.sweep(), SWEEP_MS),
		];
		for (const timer of this.#timers) timer.unref();
		if (!enabled) return;
		processes.subscribe((events) => {
			for (const event of events) this.#event(event);
		});
		this.#probes.scanAll();
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

	/** The probes stay until the capture is closed. */
	stop(): void {
		for (const timer of this.#timers) clearInterval(timer);
	}

	close(): void {
		this.stop();
		this.#probes.close();
	}

	#event({ kind, pid, comm, exe, timeNs }: ProcessEvent): void {
		if (kind === "exec" || kind === "exit") this.#probes.forget(pid);
		if (kind === "exec") this.#remember(pid, exe);
		if (kind === "exec" || kind === "tls") this.#probes.scan(pid, this.#programs.get(pid));
		if (kind !== "tls" || this.#notVisible.has(pid) || this.#notVisible.size >= MAX_NOT_VISIBLE) return;
		const { reason, attachedNs } = this.#probes.visibility(pid, this.#programs.get(pid));
		const why = reason ?? (attachedNs > timeNs ? TOO_EARLY : undefined);
		if (why !== undefined) this.#notVisible.set(pid, { pid, comm, reason: why });
	}

	#remember(pid: number, program = ""): void {
		this.#programs.delete(pid);
		this.#programs.set(pid, program);
		if (this.#programs.size <= MAX_PROGRAMS) return;
		for (const oldest of this.#programs.keys()) {
			this.#programs.delete(oldest);
			return;
		}
	}
}

import { release } from "node:os";
import { BpfError } from "@wirescribe/libbpf";
import type { CaptureHandle } from "./capture-ring.ts";
import type { Counters } from "./counters.ts";
import { checkKernel, firstReads } from "./kernels.ts";
import type { CaptureLimits } from "./limits.ts";
import { LoadedCapture } from "./loaded-capture.ts";
import { type CaptureOptions, type Reads, type Selection, settingsOf } from "./options.ts";
import type { TlsPoint, TlsTrialResult } from "./tls-attachments.ts";

/** A program that could not be attached, and why. */
export interface MissingProgram {
	readonly name: string;
	readonly reason: string;
}

/** What one program has cost: runs and time are 0 unless the kernel counts them. */
export interface ProgramCost {
	readonly name: string;
	readonly runs: number;
	/** Nanoseconds of all runs. */
	readonly runTimeNs: number;
	/** Runs that did not take place. */
	readonly missed: number;
}

/**
 * A running capture: the programs are loaded and attached, events go into the rings.
 *
 * It owns the programs, the maps and the rings; open the rings by {@linkcode Capture.handle} on the threads that read them, and close
 * them before the capture. To end without losing anything: `detach()`, drain the rings, read the counters, `close()`.
 */
export interface Capture extends Disposable {
	/** How many rings there are. */
	readonly rings: number;
	/** What the programs are attached to, such as "syscalls:sys_exit_read". */
	readonly attached: readonly string[];
	readonly missing: readonly MissingProgram[];
	/** How the programs read kernel memory: which of the two objects the kernel took. */
	readonly reads: Reads;
	/** The handle of a ring, for {@linkcode openRing}, on this thread or another. */
	handle(index: number): CaptureHandle;
	/** Moves process events (exec, fork, exit) into `into`; returns the bytes. A batch, like that of a ring. */
	drainProcesses(into: Uint8Array): number;
	/** The kernel's counters; exact and final after {@linkcode Capture.detach}. */
	counters(): Counters;
	/** Program runs that did not take place, because the CPU was in such a program already. They count as loss. */
	misses(): number;
	/** What the programs have cost so far, while the kernel counts it: see `enableStats` of @wirescribe/libbpf. */
	programs(): readonly ProgramCost[];
	/** Adds a process to the selection by pids. Needs `select.pids` or `select.comms` to have been given, an empty list will do. */
	watch(pid: number): void;
	/** Removes it. */
	unwatch(pid: number): void;
	/**
	 * Changes what is watched, and whether all operations are reported, while the programs run. What the old selection and the new one
	 * both hold is watched throughout. Processes that were rejected stay so. Needs `reselect` to have been given for `select.reject`.
	 */
	reselect(select: Selection, allOperations: boolean): void;
	/**
	 * Changes how much is copied and what part of the sockets is watched, while the programs run. What is selected and not watched costs
	 * no event: its operations are `skipped_not_watched`, the requests that begin on it `request_starts_not_watched`.
	 */
	limit(limits: CaptureLimits): void;
	/**
	 * Leaves out a process that user space has judged, by its program, its container, until it calls exec. Needs `select.reject`. A
	 * process that nobody has rejected is watched, so that one that has just started is not missed.
	 */
	reject(pid: number): void;
	/** Takes that back: the process runs another program now, or is over. */
	admit(pid: number): void;
	/**
	 * Runs TLS programs at places of a file, in every process that has the file mapped, until the result is disposed: all of them or
	 * none. Takes the kernel some milliseconds. Throws a `BpfError` when the file cannot be probed there.
	 */
	attachTls(path: string, points: readonly TlsPoint[]): Disposable;
	/** Lets go of TLS programs on a thread of its own: the kernel takes about 0.1 s for each link. */
	releaseTls(attached: readonly Disposable[]): void;
	/** The number of a new trial of a function's other sites, for its points. */
	beginTlsTrial(): number;
	/** What its calls have shown so far. */
	tlsTrial(trial: number): TlsTrialResult;
	/** Never reports connections of this process from now on, nor the other end of them on this machine. */
	exclude(pid: number): void;
	/**
	 * Lets go of the programs on system calls and sockets for a while: the machine's calls cost what they cost without a capture, and
	 * nothing is seen or counted. Processes are still told of. What was known of sockets is forgotten: they have other ids afterwards. Takes one grace period here; the kernel
	 * detaches on a thread of its own. Programs on TLS libraries stay attached, and return at once.
	 */
	suspend(): void;
	/** Goes on. False: the kernel has not let go of all programs yet, ask again later. Throws a `BpfError` when it cannot attach them. */
	resume(): boolean;
	/** Ends the capture: no more events and no more counting after it; what is in the rings stays to be drained. Takes one grace period. */
	detach(): void;
	/** Frees everything. Takes a second or two, since the kernel waits for each program it detaches. Closing twice is fine. */
	close(): void;
}

/** Loads the programs, attaches them, and returns the running capture. Needs root, or CAP_BPF and CAP_PERFMON. */
export function openCapture(options: CaptureOptions = {}): Capture {
	const settings = settingsOf(options);
	checkKernel(release());
	const reads = settings.reads ?? firstReads(release());
	if (settings.reads || reads === "probed") return new LoadedCapture(settings, reads);
	try {
		return new LoadedCapture(settings, "direct");
	} catch (error) {
		// A verifier of another mind than those it was tried on. What else is wrong will be wrong again.
		if (!(error instanceof BpfError) || error.code !== "ERR_BPF_VERIFIER") throw error;
		return new LoadedCapture(settings, "probed");
	}
}

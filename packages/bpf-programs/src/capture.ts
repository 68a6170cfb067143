import { readFileSync } from "node:fs";
import { release } from "node:os";
import {
	BpfError,
	BpfMap,
	BpfObject,
	type BpfProgram,
	type Link,
	possibleCpus,
	RingBuffer,
	takeBatches,
} from "@wirescribe/libbpf";
import { CaptureError } from "./capture-error.ts";
import type { CaptureHandle } from "./capture-ring.ts";
import { type Counters, sumCounters } from "./counters.ts";
import { ROLE } from "./events.ts";
import { type CaptureLimits, checkLimits } from "./limits.ts";
import { LinkCloser } from "./link-closer.ts";
import { type CaptureOptions, type Reads, type Selection, type Settings, settingsOf } from "./options.ts";
import { TlsAttachments, type TlsPoint, type TlsTrialResult } from "./tls-attachments.ts";
import { WATCHED_ALL } from "./watched-part.ts";

/** Calls that a kernel may be built without; the capture goes on without them. */
const optional: ReadonlySet<string> = new Set(["sendmmsg", "recvmmsg", "sendfile64", "splice", "preadv2", "pwritev2"]);
const oldestKernel = [5, 15] as const;
/** The first one with `bpf_rdonly_cast`. */
const directKernel = [6, 2] as const;
/** The first one that attaches a program to many user-space functions by one link. */
const manyLinksKernel = [6, 6] as const;

/** What is attached only for the start times of reads. */
const ENTRY_TO_READ = /^sys_enter_(p?readv?2?|recv(from|msg|mmsg))$/;
/** As in bpf/settings.bpf.h. */
const STOPPED = 1;
const SUSPENDED = 2;
/** Maps that hold what is known of sockets. */
const OF_SOCKETS = ["sockets", "tls_streams", "skip_hints"] as const;
/** As in bpf/tls.bpf.h: probes on user-space functions can be preempted by each other. */
const TLS_SCRATCHES_PER_CPU = 2;
const MAX_TLS_STREAMS = 16_384;

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

/** What a program is attached to. */
interface AttachedProgram {
	readonly name: string;
	readonly link: Link;
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

/** How the programs read kernel memory, as far as the kernel's release tells. */
export function firstReads(text: string): Reads {
	return isAtLeast(text, directKernel) ? "direct" : "probed";
}

/** The prebuilt object for a machine, as `process.arch` names it. */
export function objectFile(arch: string, reads: Reads): URL {
	const name = reads === "direct" ? "capture-direct" : "capture";
	if (arch === "x64" || arch === "arm64") return new URL(`../prebuilt/${arch}/${name}.bpf.o`, import.meta.url);
	throw new CaptureError(
		"ERR_CAPTURE_ARCH",
		`Cannot find BPF programs for ${arch}: there are x64 and arm64: build the package's bpf/ for this machine`,
	);
}

/** Throws when the kernel is too old. */
export function checkKernel(text: string): void {
	if (isAtLeast(text, oldestKernel)) return;
	throw new CaptureError(
		"ERR_CAPTURE_KERNEL",
		`Cannot capture on Linux ${text}: the programs need ${oldestKernel.join(".")} or later: use a newer kernel`,
	);
}

function isAtLeast(text: string, [wantedMajor, wantedMinor]: readonly [number, number]): boolean {
	const [major = 0, minor = 0] = text.split(/[.-]/).map(Number);
	return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

class LoadedCapture implements Capture {
	readonly rings: number;
	readonly reads: Reads;
	readonly missing: MissingProgram[] = [];
	readonly #settings: Settings;
	readonly #object: BpfObject;
	readonly #rings: BpfMap[] = [];
	readonly #tls: TlsAttachments;
	#select: Selection;
	#allOperations: boolean;
	#watched: number = WATCHED_ALL;
	#attached: AttachedProgram[] = [];
	#processes: RingBuffer | undefined;
	readonly #closer = new LinkCloser();
	#epoch = 0;
	#life = 0;
	#suspended = false;
	#detached = false;
	#open = true;

	constructor(settings: Settings, reads: Reads) {
		const object = BpfObject.open(readFileSync(objectFile(process.arch, reads)), { name: "wirescribe" });
		this.#settings = settings;
		this.#select = settings.select;
		this.#allOperations = settings.allOperations;
		this.#object = object;
		this.reads = reads;
		this.rings = settings.rings;
		const links = settings.tlsLinks ?? (isAtLeast(release(), manyLinksKernel) ? "many" : "single");
		this.#tls = new TlsAttachments(object, links);
		try {
			if (links === "many") for (const program of uprobes(object)) program.prepareUprobes();
			configure(object, settings);
			object.load();
			this.#makeRings();
			this.#fillMaps();
			this.#processes = new RingBuffer(object.map("process_ring"));
			this.#attach();
		} catch (error) {
			this.close();
			throw error;
		}
	}

	get attached(): readonly string[] {
		return this.#attached.map(({ name }) => name);
	}

	handle(index: number): CaptureHandle {
		this.#check();
		if (!Number.isInteger(index) || index < 0 || index >= this.rings) {
			throw new RangeError(`Cannot hand out ring ${index}: there are ${this.rings}, from 0`);
		}
		const { queue, ringBytes } = this.#settings;
		return {
			queue,
			index,
			eventsFd: queue === "ring" ? this.#rings[index]!.fd : this.#object.map("perf_events").fd,
			controlsFd: this.#object.map("ring_controls").fd,
			hintsFd: this.#object.map("skip_hints").fd,
			socketsFd: this.#object.map("sockets").fd,
			perfPages: ringBytes / 4096,
		};
	}

	drainProcesses(into: Uint8Array): number {
		this.#check();
		return this.#processes?.drain(into) ?? 0;
	}

	counters(): Counters {
		this.#check();
		return sumCounters(this.#object.map("counters").get(0) ?? new Uint8Array(0));
	}

	misses(): number {
		this.#check();
		let sum = 0;
		for (const program of this.#object.programs.values()) sum += program.info().missed;
		return sum;
	}

	programs(): readonly ProgramCost[] {
		this.#check();
		return [...this.#object.programs.values()].map((program): ProgramCost => {
			const { runCount, runTimeNs, missed } = program.info();
			return { name: program.name, runs: runCount, runTimeNs, missed };
		});
	}

	watch(pid: number): void {
		this.#check();
		this.#object.map("selected_tgids").set(pid, 1);
		this.#nextEpoch();
	}

	unwatch(pid: number): void {
		this.#check();
		this.#object.map("selected_tgids").delete(pid);
		this.#nextEpoch();
	}

	reselect(select: Selection, allOperations: boolean): void {
		this.#check();
		const reserved = this.#settings.reselect || this.#settings.select.reject === true;
		if (select.reject && !reserved) {
			throw new CaptureError(
				"ERR_CAPTURE_RESELECT",
				"Cannot select by rejecting processes: no room was made for them: open the capture with 'reselect'",
			);
		}
		const before = this.#select;
		this.#select = select;
		// Wider first, then narrower: in between, nothing is left out that both selections hold.
		this.#addSelected(select);
		this.#allOperations = allOperations;
		this.#setSelection();
		this.#nextEpoch();
		this.#removeSelected(before, select);
		this.#nextEpoch();
	}

	limit({ headLimit, bodyLimit, watched }: CaptureLimits): void {
		this.#check();
		setLimits(this.#object, checkLimits({ headLimit, bodyLimit, watched }));
		if (watched === this.#watched) return;
		this.#watched = watched;
		this.#object.setGlobal("setting_watched", watched);
		this.#setSelection();
		this.#nextEpoch();
	}

	reject(pid: number): void {
		this.#check();
		this.#object.map("rejected_tgids").set(pid, 1);
		this.#nextEpoch();
	}

	admit(pid: number): void {
		this.#check();
		this.#object.map("rejected_tgids").delete(pid);
		this.#nextEpoch();
	}

	attachTls(path: string, points: readonly TlsPoint[]): Disposable {
		this.#check();
		return this.#tls.attach(path, points);
	}

	releaseTls(attached: readonly Disposable[]): void {
		this.#tls.release(attached);
	}

	beginTlsTrial(): number {
		this.#check();
		return this.#tls.beginTrial();
	}

	tlsTrial(trial: number): TlsTrialResult {
		this.#check();
		return this.#tls.trial(trial);
	}

	exclude(pid: number): void {
		this.#check();
		this.#object.map("excluded_tgids").set(pid, 1);
		this.#nextEpoch();
	}

	detach(): void {
		if (!this.#open || this.#detached) return;
		this.#detached = true;
		this.#stopPrograms(STOPPED);
	}

	suspend(): void {
		this.#check();
		if (this.#detached || this.#suspended) return;
		this.#suspended = true;
		this.#stopPrograms(SUSPENDED);
		for (const name of OF_SOCKETS) for (const _ of takeBatches(this.#object.map(name)));
		const [kept, closed] = [this.#attached.filter(isOfProcesses), this.#attached.filter((one) => !isOfProcesses(one))];
		this.#attached = kept;
		this.#closer.close(closed.map(({ link }) => link));
	}

	resume(): boolean {
		this.#check();
		if (this.#detached || !this.#suspended) return true;
		this.missing.length = 0;
		try {
			this.#attach();
		} catch (error) {
			if (error instanceof BpfError && error.errno === "EEXIST") return false;
			throw error;
		}
		this.#suspended = false;
		this.#life++;
		this.#object.setGlobal("capture_life", this.#life);
		this.#object.setGlobal("stopping", 0);
		return true;
	}

	close(): void {
		if (!this.#open) return;
		this.#open = false;
		this.#tls.end();
		this.#closer.end();
		for (const { link } of this.#attached.splice(0)) link.close();
		this.#processes?.close();
		for (const ring of this.#rings) ring.close();
		this.#object.close();
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#check(): void {
		if (this.#open) return;
		throw new CaptureError(
			"ERR_CAPTURE_CLOSED",
			"Cannot use the capture: it was closed: keep it open while it is used",
		);
	}

	/** With perf buffers there is one small ring that nobody writes to, see {@linkcode detach}. */
	#makeRings(): void {
		const outer = this.#object.map("rings");
		const maxEntries = this.#settings.queue === "ring" ? this.#settings.ringBytes : 65_536;
		for (let i = 0; i < this.rings; i++) {
			const ring = BpfMap.create({ type: "ringbuf", name: `ws_events_${i}`, maxEntries });
			this.#rings.push(ring);
			outer.set(i, ring.fd);
		}
	}

	#fillMaps(): void {
		const { select, excludePids } = this.#settings;
		for (const pid of excludePids) this.#object.map("excluded_tgids").set(pid, 1);
		this.#addSelected(select);
	}

	#addSelected({ pids = [], ports = [], comms = [] }: Selection): void {
		for (const pid of pids) this.#object.map("selected_tgids").set(pid, 1);
		for (const port of ports) this.#object.map("selected_ports").set(port, 1);
		for (const comm of comms) this.#object.map("selected_comms").set(commBytes(comm), 1);
	}

	#removeSelected({ pids = [], ports = [], comms = [] }: Selection, kept: Selection): void {
		for (const pid of pids) if (!kept.pids?.includes(pid)) this.#object.map("selected_tgids").delete(pid);
		for (const port of ports) if (!kept.ports?.includes(port)) this.#object.map("selected_ports").delete(port);
		for (const comm of comms) {
			if (!kept.comms?.includes(comm)) this.#object.map("selected_comms").delete(commBytes(comm));
		}
	}

	#attach(): void {
		for (const program of systemCallPrograms(this.#object, this.#settings)) {
			const [kind = "", category = "", name = ""] = program.section.split("/");
			const place = kind === "raw_tp" ? category : `${category}:${name}`;
			if (this.#attached.some((one) => one.name === place)) continue;
			try {
				const link =
					kind === "raw_tp" ? program.attachRawTracepoint(category) : program.attachTracepoint(category, name);
				this.#attached.push({ name: place, link });
			} catch (error) {
				if (
					!(error instanceof BpfError) ||
					error.errno === "EEXIST" ||
					!optional.has(name.replace(/^sys_(enter|exit)_/, ""))
				)
					throw error;
				this.missing.push({ name: program.name, reason: error.message });
			}
		}
	}

	#stopPrograms(how: number): void {
		this.#object.setGlobal("stopping", how);
		// The kernel returns from a change of a map of maps when every program that was running has come to its end.
		this.#object.map("rings").set(0, this.#rings[0]!.fd);
	}

	#setSelection(): void {
		setSelection(this.#object, this.#select, this.#allOperations, this.#watched < WATCHED_ALL);
	}

	/** Makes the kernel decide again which sockets are watched. */
	#nextEpoch(): void {
		this.#epoch++;
		this.#object.setGlobal("selection_epoch", this.#epoch);
	}
}

/** Those that tell of exec, fork and exit. */
function isOfProcesses({ name }: AttachedProgram): boolean {
	return name.startsWith("sched_process_");
}

/** What is attached at once: sockets first, so that own connections are known; entries before exits, so that calls in between have a start. */
export function systemCallPrograms(object: BpfObject, { readStarts }: Settings): BpfProgram[] {
	const order = ({ section }: BpfProgram): number =>
		section.startsWith("raw_tp") ? 0 : section.includes("sys_enter") ? 1 : 2;
	return [...object.programs.values()]
		.filter(({ section }) => section !== "uprobe" && (readStarts || !ENTRY_TO_READ.test(section.split("/")[2] ?? "")))
		.sort((a, b) => order(a) - order(b));
}

/** The programs on user-space functions; all others are attached at once. */
function uprobes(object: BpfObject): BpfProgram[] {
	return [...object.programs.values()].filter(({ section }) => section === "uprobe");
}

/** What must be known before the programs are loaded. */
export function configure(object: BpfObject, settings: Settings): void {
	const { select } = settings;
	object.setGlobal("setting_queue", settings.queue === "perf" ? 1 : 0);
	object.setGlobal("setting_rings", settings.rings);
	object.setGlobal("setting_wake_bytes", settings.wakeBytes);
	object.setGlobal("setting_unknown_operations", settings.unknownOperations);
	object.setGlobal("setting_read_starts", settings.readStarts);
	setSelection(object, select, settings.allOperations, false);
	setLimits(object, settings);
	object.setGlobal("next_socket_id", microsecondsSinceBoot());
	object.map("rings").maxEntries = settings.rings;
	object.map("sockets").maxEntries = settings.maxSockets;
	if (!select.reject && !settings.reselect) object.map("rejected_tgids").maxEntries = 1;
	object.map("scratches").maxEntries = possibleCpus();
	object.map("tls_scratches").maxEntries = possibleCpus() * TLS_SCRATCHES_PER_CPU;
	object.map("tls_streams").maxEntries = Math.min(settings.maxSockets, MAX_TLS_STREAMS);
}

/** What may change while the programs run. */
function setSelection(object: BpfObject, select: Selection, allOperations: boolean, watchesPart: boolean): void {
	object.setGlobal("setting_select_process", select.pids !== undefined || select.comms !== undefined);
	object.setGlobal("setting_select_port", select.ports !== undefined);
	object.setGlobal("setting_reject_process", select.reject === true);
	object.setGlobal("setting_role", select.role === undefined ? 0 : ROLE[select.role]);
	object.setGlobal("setting_sees_left_out", select.ports !== undefined || select.role !== undefined || watchesPart);
	object.setGlobal("setting_all_operations", allOperations);
}

/** As may this. */
function setLimits(object: BpfObject, { headLimit, bodyLimit }: Pick<Settings, "headLimit" | "bodyLimit">): void {
	object.setGlobal("setting_head_limit", headLimit);
	object.setGlobal("setting_body_limit", bodyLimit);
}

/** Where socket ids start: they stay unique over restarts, unless a million sockets a second were born all the time. */
function microsecondsSinceBoot(): number {
	const seconds = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]);
	return Math.max(1, Math.floor(seconds * 1e6));
}

/** A thread's name as the kernel keeps it: 16 bytes, the last one zero. */
function commBytes(comm: string): Uint8Array {
	const bytes = new Uint8Array(16);
	new TextEncoder().encodeInto(comm, bytes.subarray(0, 15));
	return bytes;
}

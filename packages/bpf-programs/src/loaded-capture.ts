import { readFileSync } from "node:fs";
import { release } from "node:os";
import { BpfError, BpfMap, BpfObject, type Link, RingBuffer, takeBatches } from "@wirescribe/libbpf";
import type { Capture, MissingProgram, ProgramCost } from "./capture.ts";
import { CaptureError } from "./capture-error.ts";
import type { CaptureHandle } from "./capture-ring.ts";
import { configure, setLimits, setSelection, systemCallPrograms, uprobes } from "./configure.ts";
import { type Counters, sumCounters } from "./counters.ts";
import { objectFile, takesManyLinks } from "./kernels.ts";
import { type CaptureLimits, checkLimits } from "./limits.ts";
import { LinkCloser } from "./link-closer.ts";
import type { Reads, Selection, Settings } from "./options.ts";
import { addSelected, removeSelected } from "./selection-maps.ts";
import { TlsAttachments, type TlsPoint, type TlsTrialResult } from "./tls-attachments.ts";
import { WATCHED_ALL } from "./watched-part.ts";

/** Calls that a kernel may be built without; the capture goes on without them. */
const optional: ReadonlySet<string> = new Set(["sendmmsg", "recvmmsg", "sendfile64", "splice", "preadv2", "pwritev2"]);
/** As in bpf/settings.bpf.h. */
const STOPPED = 1;
const SUSPENDED = 2;
/** Maps that hold what is known of sockets. */
const OF_SOCKETS = ["sockets", "tls_streams", "skip_hints"] as const;

/** What a program is attached to. */
interface AttachedProgram {
	readonly name: string;
	readonly link: Link;
}

/** A capture from its object on. */
export class LoadedCapture implements Capture {
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
		const links = settings.tlsLinks ?? (takesManyLinks(release()) ? "many" : "single");
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
		addSelected(this.#object, select);
		this.#allOperations = allOperations;
		this.#setSelection();
		this.#nextEpoch();
		removeSelected(this.#object, before, select);
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
		addSelected(this.#object, select);
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

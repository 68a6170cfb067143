import { type ProcessInfo, readProcess } from "./process-info.ts";

/** What a kernel event tells about a process that may be gone before /proc is asked. */
export interface ProcessHint {
	readonly comm?: string;
	readonly uid?: number;
	/** Path of the program, as it was called. */
	readonly exe?: string;
}

export interface ProcessTableOptions {
	/** Processes to remember; the least recently asked one makes room. 4096 if not told. */
	readonly capacity?: number;
	/** Where processes are looked up; `false`: nowhere (replay: only what `set` told). `/proc` if not told. */
	readonly proc?: string | false;
}

/** How far up a process that is gone is looked for: shells start shells. */
const MAX_ANCESTORS = 4;

interface Entry {
	info: ProcessInfo;
	/** It has been found out what there is to find out. */
	asked: boolean;
	exited: boolean;
}

/**
 * Who a pid is: read from /proc once, kept after the process is gone.
 *
 * Exec, fork and exit events keep it right: an exec makes the next `get` read again, a fork hands the parent's
 * description to a child that may not live long enough to be read, and a pid used again is a new process. Without those
 * events a description lives until it is evicted. One `get` reads /proc at most once for each process and exec.
 */
export class ProcessTable {
	readonly #capacity: number;
	readonly #proc: string | false;
	readonly #entries: Map<number, Entry> = new Map();
	/** Child -> parent, of those that were forked last: for children that are gone before they can be read. */
	readonly #parents: Map<number, number> = new Map();
	#evicted = 0;
	#reads = 0;

	constructor(options: ProcessTableOptions = {}) {
		this.#capacity = options.capacity ?? 4096;
		this.#proc = options.proc ?? "/proc";
		if (!(this.#capacity >= 1)) {
			throw new RangeError(`Cannot create a process table: 'capacity' must be positive, received ${options.capacity}`);
		}
	}

	/** The process with this id: as cached, as /proc has it now, or as far as the hint goes. */
	get(pid: number, hint: ProcessHint = {}): ProcessInfo {
		let entry = this.#entries.get(pid);
		if (entry) this.#entries.delete(pid);
		else entry = { info: unknownProcess(pid, hint), asked: false, exited: false };
		if (!entry.asked) this.#ask(entry);
		this.#put(pid, entry);
		return entry.info;
	}

	/** The process if it is known, without a look at /proc. */
	peek(pid: number): ProcessInfo | undefined {
		return this.#entries.get(pid)?.info;
	}

	/** Takes a description from elsewhere, such as a recording. */
	set(info: ProcessInfo): void {
		this.#put(info.pid, { info, asked: true, exited: false });
	}

	/** A new process: until it can be read it is what its parent is. */
	forked(parent: number, child: number): void {
		this.#parents.delete(child);
		this.#parents.set(child, parent);
		if (this.#parents.size > this.#capacity) this.#parents.delete(this.#parents.keys().next().value ?? 0);
		const known = this.#entries.get(parent)?.info;
		if (known) this.#put(child, { info: { ...known, pid: child, startTime: 0 }, asked: false, exited: false });
		else this.#entries.delete(child);
	}

	/** The process runs another program now. */
	execed(pid: number, hint: ProcessHint = {}): void {
		const known = this.#entries.get(pid);
		if (!known && hint.exe === undefined) return;
		const { startTime = 0, containerId = "", cgroup = "" } = known?.info ?? {};
		const info = { ...unknownProcess(pid, hint), startTime, containerId, cgroup };
		this.#put(pid, { info, asked: false, exited: false });
	}

	/** The process is gone: what is known about it stays, and /proc is not asked about it any more. */
	exited(pid: number): void {
		const entry = this.#entries.get(pid);
		if (entry) entry.exited = true;
	}

	/** Whether the process is known to be gone. */
	hasExited(pid: number): boolean {
		return this.#entries.get(pid)?.exited ?? false;
	}

	/** Sizes and counts; `reads` of /proc, `evicted` for lack of room. */
	stats(): { size: number; reads: number; evicted: number } {
		return { size: this.#entries.size, reads: this.#reads, evicted: this.#evicted };
	}

	#ask(entry: Entry): void {
		entry.asked = true;
		if (this.#proc === false) return;
		this.#reads++;
		// The pid of one that has exited may be another's by now.
		const read = entry.exited ? undefined : readProcess(entry.info.pid, this.#proc);
		entry.info = this.#withContainer(read ? joined(read, entry.info) : entry.info, this.#proc);
	}

	/** A process that is gone was in the container of its parent, or of that one's. */
	#withContainer(info: ProcessInfo, proc: string): ProcessInfo {
		if (info.cgroup !== "") return info;
		let pid = this.#parents.get(info.pid);
		for (let i = 0; pid !== undefined && i < MAX_ANCESTORS; i++) {
			const known = this.#entries.get(pid);
			if (known && !known.asked) this.#ask(known);
			const parent = known?.info ?? readProcess(pid, proc);
			if (parent && parent.cgroup !== "") {
				return { ...info, containerId: parent.containerId, cgroup: parent.cgroup };
			}
			pid = this.#parents.get(pid);
		}
		return info;
	}

	#put(pid: number, entry: Entry): void {
		this.#entries.delete(pid);
		this.#entries.set(pid, entry);
		if (this.#entries.size <= this.#capacity) return;
		for (const oldest of this.#entries.keys()) {
			this.#entries.delete(oldest);
			this.#evicted++;
			return;
		}
	}
}

/** What was read, and where /proc did not tell, what was said before: a process may end between two of its files. */
function joined(read: ProcessInfo, said: ProcessInfo): ProcessInfo {
	return {
		...read,
		exe: read.exe || said.exe,
		uid: read.uid < 0 ? said.uid : read.uid,
		...(read.cgroup === "" ? { containerId: said.containerId, cgroup: said.cgroup } : {}),
	};
}

function unknownProcess(pid: number, hint: ProcessHint): ProcessInfo {
	return {
		pid,
		startTime: 0,
		comm: hint.comm ?? "",
		exe: hint.exe?.startsWith("/") ? hint.exe : "",
		cmdline: "",
		uid: hint.uid ?? -1,
		containerId: "",
		cgroup: "",
	};
}

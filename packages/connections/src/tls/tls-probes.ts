import { existsSync, readdirSync } from "node:fs";
import { monotonicClock } from "../monotonic-clock.ts";
import { fileIdentity } from "./file-identity.ts";
import { FileProbes, type TlsProbeOwner, type TlsProbeState } from "./file-probes.ts";
import { type MappedFile, mappedFiles } from "./mapped-files.ts";
import { mayHaveTls, type TlsFunctions, tlsFunctionsAt } from "./tls-functions.ts";
import { type NotVisible, whyNotVisible } from "./tls-visibility.ts";

export interface TlsProbesOptions extends TlsProbeOwner {
	/** Files that stay watched without any process, so that short-lived programs are seen from their first byte. */
	readonly standing?: readonly string[];
	/** Processes that are not looked at: the caller's own. */
	readonly excludePids?: readonly number[];
	readonly proc?: string;
}

/** A file with TLS functions, and who uses it. */
export interface TlsFile {
	/** Where it was found first. */
	readonly path: string;
	readonly libraries: readonly TlsFunctions[];
	/** Processes that have it mapped, as far as they were looked at. */
	readonly pids: readonly number[];
	readonly standing: boolean;
	/** Where its functions are watched now. */
	readonly probes: readonly TlsProbeState[];
	/** Why it could not be watched. */
	readonly error: string | undefined;
}

/** Whether the plaintext of a process can be seen. */
export interface TlsVisibility {
	readonly pid: number;
	/** Watched files that it has mapped. */
	readonly files: readonly string[];
	/** When the last of them was attached, ns on CLOCK_MONOTONIC; 0: none is. TLS from before was not seen. */
	readonly attachedNs: number;
	/** Why not, when there are none; undefined also when the process is gone and nobody knows. */
	readonly reason: string | undefined;
	/** It has a TLS, as far as its files tell. */
	readonly hasTls: boolean;
}

interface Entry {
	readonly path: string;
	readonly standing: boolean;
	readonly libraries: readonly TlsFunctions[];
	readonly pids: Set<number>;
	/** Nobody had it at the last sweep. */
	idle: boolean;
	attachedNs: number;
	readonly probes: FileProbes;
	error: string | undefined;
}

/** Programs come and go; what is known of files without TLS is forgotten, oldest first. */
const MAX_FILES = 4096;

/**
 * Which files of which processes have TLS functions, and the probes on them.
 *
 * Probes belong to a file: they are attached once, however many processes run it, and released some time after the last one is gone. A file is
 * known by device, inode, size and time of change, not by its path. Nothing here throws for what a process or a file is like:
 * a process may vanish while it is looked at, and what cannot be watched says why. For one thread; every call is synchronous, the
 * first look at a file takes 1 to 40 ms (by its size), all others well below one.
 */
export class TlsProbes implements Disposable {
	readonly #options: TlsProbesOptions;
	readonly #proc: string;
	readonly #files: Map<string, Entry> = new Map();
	readonly #now: () => number = monotonicClock();

	constructor(options: TlsProbesOptions) {
		this.#options = options;
		this.#proc = options.proc ?? "/proc";
		for (const path of options.standing ?? []) this.#file(path, [path], true);
	}

	/** Looks at every process there is. */
	scanAll(): void {
		for (const name of readdirSync(this.#proc)) if (/^\d+$/.test(name)) this.scan(Number(name));
	}

	/**
	 * Looks at a process: its program, and the TLS libraries that it has mapped by now. Again is fine, and finds new ones. `program`:
	 * the path of what it runs, for one that is gone before it can be looked at: when that is started again, it is known.
	 */
	scan(pid: number, program?: string): void {
		if (this.#options.excludePids?.includes(pid)) return;
		const files = this.#candidates(pid);
		const gone = files.length === 0;
		for (const { path, reach } of gone && program ? [programAt(program)] : files) {
			const entry = this.#file(path, reach, false);
			if (entry === undefined || entry.libraries.length === 0) continue;
			if (!gone) entry.pids.add(pid);
			entry.idle = false;
			if (!entry.probes.isAttached) this.#attach(entry, reach);
			else if (!entry.standing) entry.probes.reachBy(reach);
		}
	}

	/** The process runs another program, or is gone. */
	forget(pid: number): void {
		for (const entry of this.#files.values()) entry.pids.delete(pid);
	}

	/**
	 * Releases files that nobody had at this sweep and the one before: programs that come and go keep their probes, which cost nothing
	 * meanwhile. Forgets processes whose end nobody reported.
	 */
	sweep(): void {
		const pids = new Set([...this.#files.values()].flatMap((entry) => [...entry.pids]));
		for (const pid of pids) if (!existsSync(`${this.#proc}/${pid}`)) this.forget(pid);
		for (const entry of this.#files.values()) {
			if (entry.pids.size > 0 || entry.standing) continue;
			if (entry.idle) entry.probes.release();
			entry.idle = true;
		}
	}

	/** Moves probes to cheaper sites where those have stood their trial: to be called now and then, costs nothing otherwise. */
	review(): void {
		for (const { probes } of this.#files.values()) probes.review();
	}

	/**
	 * Whether the plaintext of a process can be seen now, and why not. `program`: the path of what it ran, for one that may be gone;
	 * that tells something only when the program itself has a TLS.
	 */
	visibility(pid: number, program?: string): TlsVisibility {
		let used = [...this.#files.values()].filter((entry) => entry.pids.has(pid));
		const ofProgram = used.length === 0 && program ? this.#files.get(fileIdentity(program) ?? "") : undefined;
		if (ofProgram !== undefined && ofProgram.libraries.length > 0) used = [ofProgram];
		const attached = used.filter(({ probes }) => probes.isAttached);
		const files = attached.map(({ path }) => path);
		const attachedNs = Math.max(0, ...attached.map((entry) => entry.attachedNs));
		if (files.length > 0) return { pid, files, attachedNs, reason: undefined, hasTls: true };
		const failed = used.find(({ error }) => error !== undefined)?.error;
		if (failed !== undefined) return { pid, files, attachedNs, reason: failed, hasTls: true };
		const found = whyNotVisible(mappedFiles(pid, this.#proc)) ?? (program ? whyOfProgram(program) : undefined);
		return { pid, files, attachedNs, reason: found?.reason, hasTls: found?.hasTls ?? false };
	}

	/** The files that are watched, or should be. */
	list(): TlsFile[] {
		return [...this.#files.values()]
			.filter(({ libraries, probes, error }) => libraries.length > 0 && (probes.isAttached || error !== undefined))
			.map(({ path, libraries, pids, standing, probes, error }) => ({
				...{ path, libraries, pids: [...pids], standing, probes: probes.states, error },
			}));
	}

	/** Releases everything. */
	close(): void {
		for (const { probes } of this.#files.values()) probes.release();
		this.#files.clear();
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#candidates(pid: number): MappedFile[] {
		return mappedFiles(pid, this.#proc).filter(({ path, isProgram }) => isProgram || mayHaveTls(path));
	}

	/** The file that one of these paths leads to, looked at once; undefined when none does. */
	#file(path: string, reach: readonly string[], standing: boolean): Entry | undefined {
		for (const way of reach) {
			const key = fileIdentity(way);
			if (key === undefined) continue;
			const known = this.#files.get(key);
			if (known) return known;
			const libraries = functionsAt(way);
			const probes = new FileProbes(key, libraries, this.#options);
			const entry: Entry = {
				path,
				standing,
				libraries,
				pids: new Set(),
				idle: false,
				attachedNs: 0,
				probes,
				error: undefined,
			};
			this.#remember(key, entry);
			if (standing && entry.libraries.length > 0) this.#attach(entry, [way]);
			return entry;
		}
		return undefined;
	}

	#remember(key: string, entry: Entry): void {
		this.#files.set(key, entry);
		if (this.#files.size <= MAX_FILES) return;
		for (const [oldest, { probes, pids }] of this.#files) {
			if (probes.isAttached || pids.size > 0) continue;
			this.#files.delete(oldest);
			return;
		}
	}

	#attach(entry: Entry, reach: readonly string[]): void {
		try {
			entry.probes.attach(reach);
			entry.attachedNs = this.#now();
			entry.error = undefined;
		} catch (error) {
			entry.error = `its TLS functions cannot be probed: ${(error as Error).message}`;
		}
	}
}

const programAt = (path: string): MappedFile => ({ path, reach: [path], isProgram: true });

/** Its libraries are not known: that it shows no functions proves nothing. */
function whyOfProgram(path: string): NotVisible | undefined {
	const why = whyNotVisible([programAt(path)]);
	return why?.hasTls ? why : undefined;
}

/** None when it is no ELF file, or gone meanwhile. */
function functionsAt(path: string): readonly TlsFunctions[] {
	try {
		return tlsFunctionsAt(path);
	} catch {
		return [];
	}
}

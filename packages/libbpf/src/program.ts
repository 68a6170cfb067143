import { cString } from "@wirescribe/ffi";
import { failure } from "./failure.ts";
import { readInfo } from "./info.ts";
import { Link } from "./link.ts";
import { native } from "./native.ts";
import { pinFd } from "./pins.ts";
import { type RunInput, type RunResult, runProgram } from "./program-run.ts";
import { mountTracefs } from "./tracefs.ts";

/** A place in a program or library file. */
export interface UprobeTarget {
	/** The file: an executable or a shared library. */
	readonly path: string;
	/** A function's name; without it `offset` counts from the start of the file. */
	readonly symbol?: string;
	/** Bytes from the symbol, or from the start of the file. */
	readonly offset?: number;
	/** One process; every process when absent. */
	readonly pid?: number;
	/** Run when the function returns instead of when it is entered. */
	readonly atReturn?: boolean;
	/** A number that the program gets from `bpf_get_attach_cookie()`. */
	readonly cookie?: number;
}

/** Places in one file, for {@linkcode BpfProgram.attachUprobes}. */
export interface UprobeTargets {
	readonly path: string;
	/** Bytes from the start of the file, and what `bpf_get_attach_cookie()` gives there. */
	readonly places: readonly { readonly offset: number; readonly cookie?: number }[];
	readonly pid?: number;
	readonly atReturn?: boolean;
}

/** A place in a function of the kernel. */
export interface KprobeTarget {
	readonly symbol: string;
	/** Bytes from the symbol. */
	readonly offset?: number;
	/** Run when the function returns instead of when it is entered. */
	readonly atReturn?: boolean;
}

/** What the kernel says of a loaded program. */
export interface ProgramInfo {
	readonly id: number;
	readonly type: number;
	/** Nanoseconds and runs since load; counted only while statistics are on, see {@linkcode enableStats}. */
	readonly runTimeNs: number;
	readonly runCount: number;
	/** Runs that did not happen because the program was running on that CPU already: events nobody saw. */
	readonly missed: number;
	/** Instructions the verifier went through. */
	readonly verifiedInstructions: number;
	/** Instructions after the kernel's rewriting. */
	readonly instructions: number;
	/** Bytes of machine code; 0 when it is interpreted. */
	readonly jitedBytes: number;
}

/** What a program needs of its object. */
export interface ProgramOwner {
	/** The object's handle; throws when it is closed. */
	handle(): number;
}

/** A program of an object. */
export class BpfProgram {
	readonly name: string;
	/** What SEC("...") says. */
	readonly section: string;
	/** The program type as numbered by the kernel (5: tracepoint, 2: kprobe and uprobe, 17: raw tracepoint). */
	readonly type: number;
	readonly #index: number;
	readonly #owner: ProgramOwner;

	/** @internal */
	constructor(index: number, owner: ProgramOwner) {
		this.#index = index;
		this.#owner = owner;
		const { numbers, texts } = this.#describe();
		this.type = numbers[0]!;
		this.name = texts[0]!;
		this.section = texts[1]!;
	}

	/** Instructions; changes with load (relocation adds functions that are called). */
	get instructions(): number {
		return this.#describe().numbers[1]!;
	}

	/** The file descriptor, -1 when the program is not loaded. */
	get fd(): number {
		return Math.max(-1, this.#describe().numbers[2]!);
	}

	/** Whether load() loads this program. Settable before load. */
	get autoload(): boolean {
		return this.#describe().numbers[3] === 1;
	}

	set autoload(on: boolean) {
		const result = native().ws_object_program_autoload(this.#owner.handle(), this.#index, on ? 1 : 0);
		if (result < 0) throw failure("ERR_BPF_CONFIG", result, undefined, "set it before load()");
	}

	/** The kernel's figures. */
	info(): ProgramInfo {
		const fd = this.fd;
		const { result, numbers } = readInfo(8, [16], (buffer) => native().ws_program_info(fd, buffer));
		if (result < 0) throw failure("ERR_BPF_PROGRAM", result);
		const [
			type = 0,
			id = 0,
			runTimeNs = 0,
			runCount = 0,
			missed = 0,
			verifiedInstructions = 0,
			translated = 0,
			jitedBytes = 0,
		] = numbers;
		return { id, type, runTimeNs, runCount, missed, verifiedInstructions, instructions: translated / 8, jitedBytes };
	}

	/** Runs the program at a static tracepoint: `attachTracepoint("syscalls", "sys_enter_read")`. Mounts tracefs where it is missing. */
	attachTracepoint(category: string, name: string): Link {
		mountTracefs();
		const [first, second] = [cString(category), cString(name)];
		const handle = native().ws_attach_tracepoint(this.#owner.handle(), this.#index, first, second);
		return this.#link(handle, `tracepoint ${category}:${name}`);
	}

	/** Runs the program at a raw tracepoint, such as "sched_process_exec". */
	attachRawTracepoint(name: string): Link {
		const handle = native().ws_attach_raw_tracepoint(this.#owner.handle(), this.#index, cString(name));
		return this.#link(handle, `raw tracepoint ${name}`);
	}

	/** Runs the program when a user-space function is entered, or returns. */
	attachUprobe(target: UprobeTarget): Link {
		const { path, symbol, offset = 0, pid = -1, atReturn = false, cookie = 0 } = target;
		const name = symbol === undefined ? null : cString(symbol);
		const [object, file] = [this.#owner.handle(), cString(path)];
		const handle = native().ws_attach_uprobe(object, this.#index, atReturn ? 1 : 0, pid, file, offset, name, cookie);
		return this.#link(handle, `${atReturn ? "uretprobe" : "uprobe"} ${path}:${symbol ?? ""}+${offset}`);
	}

	/** Before load(): the program will be attached by {@linkcode BpfProgram.attachUprobes} only, which needs Linux 6.6. */
	prepareUprobes(): void {
		const result = native().ws_object_program_many_uprobes(this.#owner.handle(), this.#index);
		if (result < 0) throw failure("ERR_BPF_CONFIG", result, undefined, "call it before load()");
	}

	/** Runs the program at many places of a file by one link: detaching it takes no longer than one place alone. */
	attachUprobes(target: UprobeTargets): Link {
		const { path, places, pid = -1, atReturn = false } = target;
		const offsets = bytesOf(BigUint64Array.from(places, ({ offset }) => BigInt(offset)));
		const cookies = bytesOf(BigUint64Array.from(places, ({ cookie = 0 }) => BigInt(cookie)));
		const [object, file] = [this.#owner.handle(), cString(path)];
		const ends = atReturn ? 1 : 0;
		const handle = native().ws_attach_uprobes(object, this.#index, ends, pid, file, offsets, cookies, places.length);
		return this.#link(handle, `${places.length} ${atReturn ? "uretprobes" : "uprobes"} of ${path}`);
	}

	/** Runs the program when a function of the kernel is entered, or returns. */
	attachKprobe(target: KprobeTarget): Link {
		const { symbol, offset = 0, atReturn = false } = target;
		const object = this.#owner.handle();
		const handle = native().ws_attach_kprobe(object, this.#index, atReturn ? 1 : 0, cString(symbol), offset);
		return this.#link(handle, `${atReturn ? "kretprobe" : "kprobe"} ${symbol}+${offset}`);
	}

	/** Runs the program on every packet that a network interface receives, before the kernel looks at it. */
	attachXdp(interfaceIndex: number): Link {
		const handle = native().ws_attach_xdp(this.#owner.handle(), this.#index, interfaceIndex);
		return this.#link(handle, `XDP of interface ${interfaceIndex}`);
	}

	/** Runs the program for the processes of a control group: `attachCgroup("/sys/fs/cgroup/system.slice")`. */
	attachCgroup(path: string): Link {
		return this.#link(native().ws_attach_cgroup(this.#owner.handle(), this.#index, cString(path)), `cgroup ${path}`);
	}

	/** Runs the program here and now, on input of yours: see {@linkcode RunInput}. For tests and measurements. */
	run(input: RunInput = {}): RunResult {
		return runProgram(this.fd, this.name, input);
	}

	/** Gives the program a name in the BPF file system. */
	pin(path: string): void {
		pinFd(this.fd, path, `the program ${this.name}`);
	}

	/** Attaches to what the program's section names: fentry, kprobe, iterators and the like. */
	attach(): Link {
		return this.#link(native().ws_attach_section(this.#owner.handle(), this.#index), this.section);
	}

	#link(handle: number, target: string): Link {
		if (handle < 0) throw failure("ERR_BPF_ATTACH", handle);
		return new Link(handle, target);
	}

	#describe(): { numbers: number[]; texts: string[] } {
		const handle = this.#owner.handle();
		const info = readInfo(4, [128, 128], (buffer) => native().ws_object_program(handle, this.#index, buffer));
		if (info.result < 0) throw failure("ERR_BPF_NOT_FOUND", info.result);
		return info;
	}
}

function bytesOf(numbers: BigUint64Array): Uint8Array {
	return new Uint8Array(numbers.buffer);
}

/** Makes the kernel count run time and runs of all programs until the result is disposed. Costs some nanoseconds a run. */
export function enableStats(): Disposable {
	const fd = native().ws_stats_enable();
	if (fd < 0) throw failure("ERR_BPF_PROGRAM", fd);
	let open = true;
	return {
		[Symbol.dispose]: () => {
			if (open) native().ws_fd_close(fd);
			open = false;
		},
	};
}

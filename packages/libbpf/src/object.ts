import { cString } from "@wirescribe/ffi";
import { BpfError, closedError } from "./errors.ts";
import { failure } from "./failure.ts";
import { readInfo } from "./info.ts";
import { BpfMap } from "./map.ts";
import { native } from "./native.ts";
import { type Bytes, toBytes, toNumber } from "./number-bytes.ts";
import { BpfProgram } from "./program.ts";

/** Options of {@linkcode BpfObject.open}. */
export interface OpenOptions {
	/** The object's name: for messages, and the first part of the names of its data maps. Bytes only; default "unnamed". */
	readonly name?: string;
}

/**
 * A compiled BPF object: open it, set globals and map sizes, load it, attach its programs.
 *
 * It owns its maps and programs; links, ring buffers and perf buffers own themselves and outlive it.
 */
export class BpfObject implements Disposable {
	readonly name: string;
	/** The maps by name, in the object's order; its data sections (".rodata", ".bss") are among them. */
	readonly maps: ReadonlyMap<string, BpfMap>;
	/** The programs by name, in the object's order. */
	readonly programs: ReadonlyMap<string, BpfProgram>;
	#handle: number;
	#loaded = false;

	private constructor(handle: number, name: string) {
		this.#handle = handle;
		this.name = name;
		const maps = new Map<string, BpfMap>();
		for (let i = 0; ; i++) {
			const map = this.#mapAt(i);
			if (map === undefined) break;
			maps.set(map.name, map);
		}
		this.maps = maps;
		const programs = new Map<string, BpfProgram>();
		const owner = { handle: () => this.#open() };
		for (let i = 0; native().ws_object_program(handle, i, new Uint8Array(288)) === 0; i++) {
			const program = new BpfProgram(i, owner);
			programs.set(program.name, program);
		}
		this.programs = programs;
	}

	/** Opens an object from its bytes or its file. Needs no privilege; nothing reaches the kernel yet. */
	static open(source: Uint8Array | string, options: OpenOptions = {}): BpfObject {
		const name = options.name ?? (typeof source === "string" ? source : "unnamed");
		const handle =
			typeof source === "string"
				? native().ws_object_open_file(cString(source))
				: native().ws_object_open_memory(source, source.byteLength, cString(name));
		const todo = "give an ELF object compiled with clang -target bpf -g";
		if (handle < 0) throw failure("ERR_BPF_OPEN", handle, undefined, todo);
		return new BpfObject(handle, name);
	}

	/** Creates the maps and loads the programs. A program the verifier refuses: ERR_BPF_VERIFIER, its words in `log`. */
	load(): this {
		const result = native().ws_object_load(this.#open());
		if (result < 0) throw failure("ERR_BPF_LOAD", result);
		this.#loaded = true;
		return this;
	}

	/** A map by name; throws with the names there are. */
	map(name: string): BpfMap {
		return this.maps.get(name) ?? this.#unknown("map", name, this.maps.keys());
	}

	/** A program by name; throws with the names there are. */
	program(name: string): BpfProgram {
		return this.programs.get(name) ?? this.#unknown("program", name, this.programs.keys());
	}

	/** A global variable's bytes. Before load its initial value, afterwards what the programs see. */
	global(name: string): Uint8Array {
		const [handle, key] = [this.#open(), cString(name)];
		const size = native().ws_global_get(handle, key, new Uint8Array(0), 0);
		if (size < 0) throw failure("ERR_BPF_NOT_FOUND", size);
		const bytes = new Uint8Array(size);
		native().ws_global_get(handle, key, bytes, size);
		return bytes;
	}

	/** A global variable as an unsigned number, exact below 2^53. */
	globalNumber(name: string): number {
		return toNumber(this.global(name));
	}

	/** Sets a global variable. `const volatile` ones only before load. */
	setGlobal(name: string, value: Bytes): void {
		const [handle, key] = [this.#open(), cString(name)];
		const size = native().ws_global_get(handle, key, new Uint8Array(0), 0);
		if (size < 0) throw failure("ERR_BPF_NOT_FOUND", size);
		const bytes = toBytes(value, size, `the global variable ${name}`);
		const result = native().ws_global_set(handle, key, bytes, size);
		if (result < 0) throw failure("ERR_BPF_CONFIG", result, undefined, "set it before load()");
	}

	/** Closes maps and programs. Links stay attached: close them first. Closing twice is fine. */
	close(): void {
		if (this.#handle !== 0) native().ws_close(this.#handle);
		this.#handle = 0;
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#open(): number {
		if (this.#handle === 0) throw closedError(`the BPF object ${this.name}`);
		return this.#handle;
	}

	#mapAt(index: number): BpfMap | undefined {
		const describe = (): { result: number; numbers: number[]; texts: string[] } =>
			readInfo(8, [64], (buffer) => native().ws_object_map(this.#open(), index, buffer));
		const { result, numbers, texts } = describe();
		if (result < 0) return undefined;
		const [type = 0, keySize = 0, valueSize = 0, maxEntries = 0, flags = 0] = numbers;
		const name = texts[0]!;
		let fd = -1;
		return new BpfMap(
			{ name, type, keySize, valueSize, maxEntries, flags },
			{
				fd: () => {
					this.#open();
					if (fd < 0 && this.#loaded) fd = describe().numbers[5]!;
					if (fd >= 0) return fd;
					throw new BpfError("ERR_BPF_MAP", `Cannot use the map ${name}: its object is not loaded: call load() first`);
				},
				configure: (setting, value) => {
					const outcome = native().ws_object_map_set(this.#open(), index, setting, value);
					if (outcome < 0) throw failure("ERR_BPF_CONFIG", outcome, undefined, "set it before load()");
				},
				close: () => {},
			},
		);
	}

	#unknown(kind: string, name: string, names: Iterable<string>): never {
		const known = [...names].join(", ");
		throw new BpfError(
			"ERR_BPF_NOT_FOUND",
			`Cannot find the ${kind} ${name} in ${this.name}: it has ${known || "none"}`,
		);
	}
}

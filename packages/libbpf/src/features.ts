import { release } from "node:os";
import { errnoName, failure } from "./failure.ts";
import { type MapType, mapTypes } from "./map.ts";
import { native } from "./native.ts";

/** "yes", "no", or why it could not be found out: an errno's name ("EPERM"). */
export type Answer = string;

/** What this kernel offers this process. */
export interface KernelFeatures {
	/** As uname says it. */
	readonly release: string;
	/** Major and minor number. */
	readonly version: readonly [major: number, minor: number];
	/** The kernel's own BTF, which CO-RE programs need. */
	readonly btf: Answer;
	/** Whether bpf() is permitted: a map can be created. */
	readonly bpf: Answer;
	readonly ringBuffers: Answer;
	readonly perfBuffers: Answer;
	readonly tracepointPrograms: Answer;
	readonly uprobePrograms: Answer;
}

function ask(feature: number): Answer {
	const result = native().ws_probe(feature);
	return result < 0 ? errnoName(result) : result > 0 ? "yes" : "no";
}

/** Tries each feature out. Creates maps and programs for a moment and leaves nothing behind. */
export function kernelFeatures(): KernelFeatures {
	const text = release();
	const match = /^(\d+)\.(\d+)/.exec(text);
	const bpf = ask(2);
	// Without permission the probes below say "no" of everything: the truth is that they could not look.
	const look = (feature: number): Answer => (bpf === "yes" ? ask(feature) : bpf);
	return {
		release: text,
		version: [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)],
		btf: ask(1),
		bpf,
		ringBuffers: look(3),
		perfBuffers: look(6),
		tracepointPrograms: look(4),
		uprobePrograms: look(5),
	};
}

/** Whether the kernel has programs of a type, numbered as in `enum bpf_prog_type`. */
export function supportsProgram(type: number): boolean {
	return supports(1, type, `programs of type ${type}`);
}

/** Whether the kernel has maps of a type, by name or as numbered in `enum bpf_map_type`. */
export function supportsMap(type: MapType | number): boolean {
	return supports(2, typeof type === "number" ? type : mapTypes[type], `maps of type ${type}`);
}

function supports(kind: number, type: number, what: string): boolean {
	const result = native().ws_probe_type(kind, type);
	if (result < 0) throw failure("ERR_BPF_PROGRAM", result, `find out about ${what}`);
	return result > 0;
}

/** How many CPUs a per-CPU map has values for: possible ones, also those offline. */
export function possibleCpus(): number {
	const count = native().ws_cpus();
	if (count < 0) throw failure("ERR_BPF_MAP", count, "count the CPUs");
	return count;
}

/** Open handles of this process, over all threads: objects, links, ring and perf buffers. For tests that look for leaks. */
export function openHandles(): number {
	return native().ws_handle_count();
}

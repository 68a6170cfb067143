import { readFileSync } from "node:fs";
import { release } from "node:os";
import { BpfObject, mapTypes, possibleCpus } from "@wirescribe/libbpf";
import { configure, systemCallPrograms } from "./configure.ts";
import { firstReads, objectFile } from "./kernels.ts";
import { type CaptureOptions, type Settings, settingsOf } from "./options.ts";

/** A place in the kernel that a program would be attached to. */
export interface PlannedHook {
	/** As in {@linkcode Capture.attached}: `syscalls:sys_exit_read`. */
	readonly name: string;
	readonly kind: "tracepoint" | "raw tracepoint";
	readonly program: string;
}

/** A map of the programs, with the kernel memory that it takes. */
export interface PlannedMap {
	readonly name: string;
	readonly type: string;
	readonly maxEntries: number;
	/** An estimate, of all CPUs together; at most, where the map grows with its use. */
	readonly bytes: number;
	readonly grows: boolean;
}

/** What {@linkcode openCapture} would do with the same options. */
export interface CapturePlan {
	readonly hooks: readonly PlannedHook[];
	readonly maps: readonly PlannedMap[];
}

/** The kernel's own bytes for each element of a hash map that is allocated at once. */
const HASH_ELEMENT_BYTES = 48;
const NO_PREALLOC = 1;

/** Reads the object and touches the kernel in no way: needs no privilege. */
export function planCapture(options: CaptureOptions = {}): CapturePlan {
	const settings = settingsOf(options);
	const reads = settings.reads ?? firstReads(release());
	const object = BpfObject.open(readFileSync(objectFile(process.arch, reads)), { name: "wirescribe" });
	try {
		configure(object, settings);
		return {
			hooks: plannedHooks(object, settings),
			maps: [...object.maps.values()].map(plannedMap).concat(queueMap(settings)),
		};
	} finally {
		object.close();
	}
}

function plannedHooks(object: BpfObject, settings: Settings): PlannedHook[] {
	return systemCallPrograms(object, settings).map(({ name: program, section }): PlannedHook => {
		const [kind = "", category = "", name = ""] = section.split("/");
		return kind === "raw_tp"
			? { name: category, kind: "raw tracepoint", program }
			: { name: `${category}:${name}`, kind: "tracepoint", program };
	});
}

/** The rings are made apart from the object, one for each partition. */
function queueMap({ queue, ringBytes, rings }: Settings): PlannedMap {
	const count = queue === "ring" ? rings : possibleCpus();
	const type = queue === "ring" ? "ringbuf" : "perf-event-array";
	return { name: "events", type, maxEntries: count, bytes: count * ringBytes, grows: false };
}

interface Shape {
	readonly name: string;
	readonly type: number;
	readonly keySize: number;
	readonly valueSize: number;
	readonly maxEntries: number;
	readonly flags: number;
}

function plannedMap({ name, type, keySize, valueSize, maxEntries, flags }: Shape): PlannedMap {
	const typeName = Object.entries(mapTypes).find(([, number]) => number === type)?.[0] ?? String(type);
	const grows = (flags & NO_PREALLOC) !== 0;
	const value = align(valueSize);
	const element = /hash/.test(typeName) ? HASH_ELEMENT_BYTES + align(keySize) + value : value;
	const copies = typeName.startsWith("percpu") ? possibleCpus() : 1;
	// Storage of a task exists while the task is in a call; there is no bound, and there are few at a time.
	const bytes = typeName === "ringbuf" ? maxEntries : typeName === "task-storage" ? 0 : element * maxEntries * copies;
	return { name, type: typeName, maxEntries, bytes, grows };
}

function align(bytes: number): number {
	return Math.ceil(bytes / 8) * 8;
}

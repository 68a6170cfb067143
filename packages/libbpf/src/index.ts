/**
 * libbpf for TypeScript, in Node, Deno and Bun: open and load BPF objects, read and write maps, attach programs, drain ring and perf
 * buffers.
 *
 * libbpf itself does the work; a small C library of ours gives it a flat interface, and comes prebuilt. Nothing here parses ELF or
 * BTF in JavaScript.
 *
 * **Lifetime.** A {@linkcode BpfObject} owns its maps and programs. A {@linkcode Link}, a {@linkcode RingBuffer}, a
 * {@linkcode PerfBuffer} and a map of one's own are independent of it. All have `close()` and `Symbol.dispose`; use after close throws
 * ERR_BPF_CLOSED. What was not closed ends with the process.
 *
 * **Threads.** Calls block their thread for the time of a system call, `wait` for its timeout. Send a worker thread the number of an
 * fd: it makes a `RingBuffer` or `BpfMap.fromFd` of it while the owner is open. A ring has one reader.
 *
 * **Memory.** A drain copies into memory of yours and keeps no view of it beyond the last one it was given.
 *
 * @module
 */
export {
	array,
	big64,
	bytes,
	type Codec,
	decode,
	encode,
	i8,
	i16,
	i32,
	struct,
	text,
	u8,
	u16,
	u32,
	u64,
	type Value,
} from "./codecs.ts";
export type { RecordsOptions } from "./drain.ts";
export { BpfError, type BpfErrorCode, type BpfErrorOptions } from "./errors.ts";
export {
	type Answer,
	type KernelFeatures,
	kernelFeatures,
	openHandles,
	possibleCpus,
	supportsMap,
	supportsProgram,
} from "./features.ts";
export { type Frame, frames } from "./frames.ts";
export { Link } from "./link.ts";
export { BpfMap, type MapSpec, type MapType, mapTypes, updateFlags } from "./map.ts";
export { deleteBatch, lookupBatches, type MapBatch, takeBatches, updateBatch } from "./map-batch.ts";
export { libraryPath } from "./native.ts";
export type { Bytes } from "./number-bytes.ts";
export { BpfObject, type OpenOptions } from "./object.ts";
export { PerfBuffer, type PerfBufferOptions } from "./perf-buffer.ts";
export {
	BpfProgram,
	enableStats,
	type KprobeTarget,
	type ProgramInfo,
	type UprobeTarget,
	type UprobeTargets,
} from "./program.ts";
export type { RunInput, RunResult } from "./program-run.ts";
export { RingBuffer } from "./ring-buffer.ts";
export { mountTracefs, tracefsPath } from "./tracefs.ts";
export { TypedMap } from "./typed-map.ts";

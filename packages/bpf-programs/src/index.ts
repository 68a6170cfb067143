/**
 * Wirescribe's eBPF programs, prebuilt, and the capture that loads them.
 *
 * {@linkcode openCapture} loads and attaches; from then on every read and write of a watched TCP connection is an event in a ring.
 * {@linkcode openRing} is the reader's end, on this thread or another. What an event is, `@wirescribe/bpf-programs/events` reads.
 *
 * **Lifetime.** A capture owns programs, maps and rings; rings are opened by handles while it is open. Everything that was not closed
 * ends with the process: nothing is pinned.
 *
 * **Threads.** A capture stays on the thread that opened it; handles are plain objects for others. A ring has one reader.
 *
 * **What it never does.** It changes nothing in the processes it watches, writes no user memory, blocks no call, and needs neither
 * kprobes nor fentry. It parses no HTTP beyond an operation's first bytes.
 *
 * @module
 */
export { type Capture, type MissingProgram, openCapture, type ProgramCost } from "./capture.ts";
export { CaptureError, type CaptureErrorCode } from "./capture-error.ts";
export { type CapturePlan, type PlannedHook, type PlannedMap, planCapture } from "./capture-plan.ts";
export { type CaptureHandle, type CaptureRing, openRing } from "./capture-ring.ts";
export { type CounterName, type Counters, lost, skipped } from "./counters.ts";
export type { CaptureLimits } from "./limits.ts";
export type { CaptureOptions, Reads, Selection } from "./options.ts";
export type { TlsCall, TlsLinks, TlsPoint, TlsProgram, TlsTrialResult } from "./tls-attachments.ts";
export { isInWatchedPart, WATCHED_ALL } from "./watched-part.ts";

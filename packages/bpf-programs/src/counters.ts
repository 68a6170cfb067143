import { COUNTERS } from "./events.ts";

/** The names of the kernel's counters, as in bpf/counters.bpf.h. */
export type CounterName = Exclude<keyof typeof COUNTERS, "size">;

/**
 * The kernel's side of the loss ledger, summed over CPUs.
 *
 * Operations: `seen` = `skipped_*` + `submitted` + `lost_*`, exactly once the capture is detached; while it runs the sum may be off by
 * the calls that are just being handled.
 */
export type Counters = Readonly<Record<CounterName, number>>;

/** Operations that were left out on purpose. */
export function skipped(counters: Counters): number {
	return (
		counters.skipped_not_tcp +
		counters.skipped_not_selected +
		counters.skipped_not_http +
		counters.skipped_own +
		counters.skipped_tls_ciphertext +
		counters.skipped_not_watched
	);
}

/** Operations that should have been submitted and were not. */
export function lost(counters: Counters): number {
	return (
		counters.lost_ring_full_request +
		counters.lost_ring_full_response +
		counters.lost_ring_full_other +
		counters.lost_map_full +
		counters.lost_fault +
		counters.lost_scratch_busy +
		counters.lost_tls_socket
	);
}

/** Adds up what a per-CPU lookup returned: one struct for each CPU, side by side. */
export function sumCounters(values: Uint8Array): Counters {
	const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
	const names = Object.keys(COUNTERS).filter((name): name is CounterName => name !== "size");
	const sums = {} as Record<CounterName, number>;
	for (const name of names) {
		let sum = 0;
		for (let at: number = COUNTERS[name]; at < values.byteLength; at += COUNTERS.size) {
			sum += view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
		}
		sums[name] = sum;
	}
	return sums;
}

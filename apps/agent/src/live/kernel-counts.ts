import type { Capture } from "@wirescribe/bpf-programs";
import type { OperationCounts } from "@wirescribe/pipeline";

/**
 * The kernel's counters in the ledger's words. `drained` is what the partitions counted; what was submitted and not
 * drained is in the ring: exact once the capture is detached.
 */
export function kernelCounts(
	capture: Capture,
	drained: number,
	inRing: number,
): {
	readonly operations: OperationCounts;
	readonly requestStartsLost: number;
	readonly requestStartsNotWatched: number;
} {
	const counters = capture.counters();
	return {
		operations: {
			seen: counters.seen,
			skipped: {
				not_tcp: counters.skipped_not_tcp,
				not_selected: counters.skipped_not_selected,
				not_http: counters.skipped_not_http,
				own: counters.skipped_own,
				tls_ciphertext: counters.skipped_tls_ciphertext,
				not_watched: counters.skipped_not_watched,
			},
			submitted: counters.submitted,
			lost: {
				ring_full: counters.lost_ring_full_request + counters.lost_ring_full_response + counters.lost_ring_full_other,
				map_full: counters.lost_map_full,
				fault: counters.lost_fault,
				scratch_busy: counters.lost_scratch_busy,
				tls_socket: counters.lost_tls_socket,
			},
			drained,
			inRing,
			programRunMisses: capture.misses(),
		},
		requestStartsLost: counters.lost_ring_full_request,
		requestStartsNotWatched: counters.request_starts_not_watched,
	};
}

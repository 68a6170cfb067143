// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The kernel's side of the loss ledger: one struct per CPU. The names of its members are the names user space reads.
// Identity: seen = skipped_* + submitted + lost_*.
#pragma once

struct counters {
	u64 seen;
	u64 skipped_not_tcp;
	u64 skipped_not_selected;
	u64 skipped_not_http;
	u64 skipped_own;
	u64 skipped_tls_ciphertext;
	u64 skipped_not_watched;
	u64 submitted;
	u64 lost_ring_full_request;
	u64 lost_ring_full_response;
	u64 lost_ring_full_other;
	u64 lost_map_full;
	u64 lost_fault;
	u64 lost_scratch_busy;
	u64 lost_tls_socket;
	// Messages: what the kernel recognised, before it knew whether the event would fit.
	u64 request_starts_seen;
	u64 response_starts_seen;
	// Requests that began on sockets that are skipped as not watched. Not among those seen.
	u64 request_starts_not_watched;
	// Outside the identity of operations.
	u64 payload_faults;
	u64 connections_submitted;
	u64 connections_lost;
	u64 closes_submitted;
	u64 closes_lost;
	u64 processes_lost;
	u64 sockets_born;
	u64 sockets_ended;
	u64 wakeups;
	u64 bytes_submitted;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct counters);
} counters SEC(".maps");

static __always_inline struct counters *counters_here(void)
{
	u32 zero = 0;
	return bpf_map_lookup_elem(&counters, &zero);
}

#define COUNT(name)                                                                                                    \
	({                                                                                                             \
		struct counters *counters_ = counters_here();                                                          \
		if (counters_)                                                                                         \
			counters_->name++;                                                                             \
	})

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What TLS libraries are given to encrypt and have decrypted, as operations of the socket it goes through.
//
// Programs on user-space functions may be preempted, unlike those on system calls: they have scratch memory of their
// own and count atomically.
#pragma once

#define COUNT_ATOMIC(name)                                                                                             \
	({                                                                                                             \
		struct counters *counters_ = counters_here();                                                          \
		if (counters_)                                                                                         \
			__sync_fetch_and_add(&counters_->name, 1);                                                     \
	})

// The plaintext of one socket: a stream of its own beside the ciphertext's, with what is remembered of any stream. Its
// offsets count bytes since it was first seen, as TCP counts ciphertext.
struct tls_stream {
	struct socket_state state; // its `socket_id` is the key of the stream's own hints
	u32 moved[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct tls_stream);
} tls_streams SEC(".maps");

#define TLS_SCRATCHES_PER_CPU 2

struct tls_scratch {
	u32 busy;
	u32 reserved;
	struct operation_event event;
	u8 payload[MAX_CAPTURE + TAIL_BYTES + MAX_CAPTURE];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TLS_SCRATCHES_PER_CPU);
	__type(key, u32);
	__type(value, struct tls_scratch);
} tls_scratches SEC(".maps");

static __always_inline struct tls_scratch *take_tls_scratch(void)
{
	u32 first = bpf_get_smp_processor_id() * TLS_SCRATCHES_PER_CPU;

	for (u32 i = 0; i < TLS_SCRATCHES_PER_CPU; i++) {
		u32 index = first + i;
		struct tls_scratch *scratch = bpf_map_lookup_elem(&tls_scratches, &index);

		if (scratch && __sync_lock_test_and_set(&scratch->busy, 1) == 0)
			return scratch;
	}
	return 0;
}

static __always_inline struct tls_stream *tls_stream_of(struct sock *sk, struct socket_state *state)
{
	u64 key = (u64)sk;
	struct tls_stream *known = bpf_map_lookup_elem(&tls_streams, &key), fresh = {};

	if (known && known->state.socket_id == (state->socket_id | HINT_OF_PLAINTEXT))
		return known;
	fresh.state.socket_id = state->socket_id | HINT_OF_PLAINTEXT;
	fresh.state.role = state->role;
	fresh.state.born = state->born;
	fresh.state.segs_out = state->segs_out;
	fresh.state.retransmits = state->retransmits;
	fresh.state.lost = state->lost;
	bpf_map_update_elem(&tls_streams, &key, &fresh, BPF_ANY);
	return bpf_map_lookup_elem(&tls_streams, &key);
}

static __always_inline void forget_tls_stream(u64 sk, u64 socket_id)
{
	u64 hint = socket_id | HINT_OF_PLAINTEXT;

	if (!bpf_map_delete_elem(&tls_streams, &sk))
		bpf_map_delete_elem(&skip_hints, &hint);
}

// Copies what is wanted of the plaintext. Returns the flags; the event has the lengths.
static __always_inline u32 take_plaintext(struct tls_scratch *scratch, u64 buffer, u64 bytes, u64 limit)
{
	u64 captured = bytes, tail;

	BOUND(limit, MAX_CAPTURE);
	if (captured > limit)
		captured = limit;
	BOUND(captured, MAX_CAPTURE);
	if (bpf_probe_read_user(scratch->payload, captured, (void *)buffer)) {
		COUNT_ATOMIC(payload_faults);
		return FLAG_FAULT;
	}
	scratch->event.captured = captured;
	if (captured >= bytes)
		return 0;
	tail = bytes - captured;
	BOUND(tail, TAIL_BYTES);
	if (!bpf_probe_read_user(scratch->payload + captured, tail, (void *)(buffer + bytes - tail)))
		scratch->event.tail = tail;
	return FLAG_CUT;
}

// Classifies, copies and fills the header. Returns the size of the event, 0 when nothing is to be submitted (and that
// has been counted).
static __noinline long prepare_plaintext(struct sock *sk, struct tls_stream *stream, struct operation *op,
					 struct tls_scratch *scratch)
{
	u64 now = bpf_ktime_get_ns(), first[3] = {}, probe;
	struct first_bytes found = {};
	u32 flags, offset;
	int settled, skip;

	if (!stream || !op || !scratch)
		return 0;
	struct socket_state *state = &stream->state;
	struct operation_event *event = &scratch->event;
	u32 *moved = op->direction == DIRECTION_EGRESS ? &stream->moved[1] : &stream->moved[0];

	offset = *moved;
	*moved = offset + (u32)op->bytes;
	settled = is_settled(state);
	event->captured = 0;
	event->tail = 0;
	probe = op->bytes;
	BOUND(probe, sizeof(first));
	if (!settled && !bpf_probe_read_user(first, probe, (void *)op->source.base))
		found = classify((const u8 *)first);
	event->message = found.message;
	skip = settled || !learn(state, found, op->bytes, op->direction);
	if (is_other_role(state)) {
		COUNT_ATOMIC(skipped_not_selected);
		return 0;
	}
	if (found.message == MESSAGE_REQUEST)
		COUNT_ATOMIC(request_starts_seen);
	else if (found.message == MESSAGE_RESPONSE)
		COUNT_ATOMIC(response_starts_seen);
	if (skip && !setting_all_operations) {
		COUNT_ATOMIC(skipped_not_http);
		return 0;
	}
	if (state->protocol > PROTOCOL_HTTP1)
		skip = 1;
	if (!skip && !found.message && (op->bytes > HINT_BYTES || state->quiet > QUIET_OPERATIONS)) {
		skip = is_hinted(state, op->direction, offset + (u32)op->bytes);
		if (state->opaque && !setting_all_operations) {
			COUNT_ATOMIC(skipped_not_http);
			return 0;
		}
	}
	if (skip)
		flags = FLAG_OPAQUE;
	else
		flags = take_plaintext(scratch, op->source.base, op->bytes,
				       wanted(state, op->direction, found.message));
	note_head(state, op->direction, found.message, op->bytes, event->captured, scratch->payload);
	flags |= FLAG_TLS_PLAINTEXT;
	u8 *seen = op->direction == DIRECTION_EGRESS ? &state->seen[1] : &state->seen[0];
	if (!*seen && !state->born)
		flags |= FLAG_MID_STREAM;
	// The deltas are what the ciphertext's own calls did since the last plaintext.
	u64 size = fill_event(event, sk, state, op, flags, offset, now);

	event->head.socket_id = state->socket_id & ~HINT_OF_PLAINTEXT;
	return size;
}

static __always_inline void count_plaintext_lost(u8 message)
{
	if (message == MESSAGE_REQUEST)
		COUNT_ATOMIC(lost_ring_full_request);
	else if (message == MESSAGE_RESPONSE)
		COUNT_ATOMIC(lost_ring_full_response);
	else
		COUNT_ATOMIC(lost_ring_full_other);
}

static __always_inline void submit_plaintext(void *ctx, struct sock *sk, struct socket_state *state,
					     struct tls_stream *stream, struct operation *op,
					     struct tls_scratch *scratch)
{
	struct counters *counters;
	u64 size = prepare_plaintext(sk, stream, op, scratch);

	if (!state->role)
		state->role = stream->state.role;
	if (!size)
		return;
	stream->state.submitted_id = op->data_id;
	if (describe_if_new(ctx, sk, state, op, scratch->event.head.tgid)) {
		count_plaintext_lost(scratch->event.message);
		return;
	}
	BOUND(size, sizeof(struct operation_event) + MAX_CAPTURE + TAIL_BYTES);
	if (emit(ctx, state->socket_id, &scratch->event, size)) {
		count_plaintext_lost(scratch->event.message);
		return;
	}
	if (op->direction == DIRECTION_EGRESS)
		stream->state.seen[1] = 1;
	else
		stream->state.seen[0] = 1;
	counters = counters_here();
	if (counters) {
		__sync_fetch_and_add(&counters->submitted, 1);
		__sync_fetch_and_add(&counters->bytes_submitted, size);
	}
}

static __always_inline void count_unwatched_plaintext(const struct socket_state *state, const struct operation *op)
{
	COUNT_ATOMIC(skipped_not_watched);
	if (may_carry_requests(state, op->direction) && starts_a_request(op->source.base, op->bytes))
		COUNT_ATOMIC(request_starts_not_watched);
}

static __noinline int handle_plaintext(void *ctx, struct sock *sk, struct socket_state *state, struct operation *op)
{
	struct tls_stream *stream;
	struct tls_scratch *scratch;
	u32 verdict;

	if (!state || !op)
		return 0;
	if (!op->data_id)
		op->data_id = __sync_fetch_and_add(&state->ids, 1) + 1;
	state->protocol = PROTOCOL_TLS;
	verdict = verdict_on(sk, state, bpf_get_current_pid_tgid() >> 32);
	if (verdict != VERDICT_SELECTED) {
		if (verdict == VERDICT_OWN)
			COUNT_ATOMIC(skipped_own);
		else if (verdict == VERDICT_NOT_WATCHED)
			count_unwatched_plaintext(state, op);
		else
			COUNT_ATOMIC(skipped_not_selected);
		return 0;
	}
	stream = tls_stream_of(sk, state);
	if (!stream) {
		COUNT_ATOMIC(lost_map_full);
		return 0;
	}
	scratch = take_tls_scratch();
	if (!scratch) {
		__sync_fetch_and_add(op->direction == DIRECTION_EGRESS ? &stream->moved[1] : &stream->moved[0],
				     (u32)op->bytes);
		COUNT_ATOMIC(lost_scratch_busy);
		return 0;
	}
	submit_plaintext(ctx, sk, state, stream, op, scratch);
	scratch->busy = 0;
	return 0;
}

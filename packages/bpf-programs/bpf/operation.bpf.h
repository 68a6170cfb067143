// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// One read or write that moved bytes: decide, describe, classify, copy, submit. Everything that is seen here ends in
// exactly one counter.
#pragma once

struct operation {
	struct source source;
	u64 bytes;
	u64 start_ns;
	u64 data_id; // 0: take one now
	s32 fd;
	u8 syscall;
	u8 direction;
	u8 opaque; // the bytes are in no buffer (sendfile, MSG_TRUNC)
	u8 reserved;
};

// Ciphertext that is not reported has no id, so that those of the plaintext follow one another.
static __always_inline int takes_id(struct socket_state *state)
{
	return state->protocol != PROTOCOL_TLS || setting_all_operations;
}

// Short operations weigh little: some servers read a request byte by byte.
#define WEIGHT_SHORT 1
#define WEIGHT_LONG 64
#define SHORT_BYTES 16
// Without a message start for so long, or this large, an operation may belong to a body user space asked to skip.
#define QUIET_OPERATIONS 8
#define HINT_BYTES 512

// Set in skc_flags when the other end's FIN has come (enum sock_flags).
#define SOCK_DONE_BIT 2

// The FIN has a place in the stream of its own: a read that takes the last bytes takes it along.
static __always_inline u32 fin_read(struct sock *sk, u32 copied_seq)
{
	return copied_seq == FIELD(tcp_sock, sk, rcv_nxt) && FIELD(sock_common, sk, skc_flags) & SOCK_DONE_BIT;
}

static __always_inline u32 stream_offset(struct sock *sk, u8 direction, u64 bytes)
{
	if (direction == DIRECTION_EGRESS)
		return FIELD(tcp_sock, sk, write_seq) - (u32)bytes;
	u32 copied_seq = FIELD(tcp_sock, sk, copied_seq);

	return copied_seq - fin_read(sk, copied_seq) - (u32)bytes;
}

static __always_inline void fill_deltas(struct sock *sk, struct socket_state *state, struct operation_event *event)
{
	u32 segs_out = FIELD(tcp_sock, sk, segs_out);
	u32 retransmits = FIELD(tcp_sock, sk, total_retrans);
	u32 lost = FIELD(tcp_sock, sk, lost);

	event->segs_out = segs_out - state->segs_out;
	event->retransmits = retransmits - state->retransmits;
	event->lost = lost - state->lost;
	event->srtt_us = FIELD(tcp_sock, sk, srtt_us) >> 3;
	state->segs_out = segs_out;
	state->retransmits = retransmits;
	state->lost = lost;
}

// True when user space has said that the bytes of this operation are not needed.
static __always_inline int is_hinted(struct socket_state *state, u8 direction, u32 end)
{
	u64 id = state->socket_id;
	struct skip_hint *hint = bpf_map_lookup_elem(&skip_hints, &id);

	if (!hint)
		return 0;
	if (hint->flags & HINT_ALL) {
		state->opaque = 1;
		state->protocol = PROTOCOL_OTHER;
		return 1;
	}
	u32 flag = direction == DIRECTION_INGRESS ? HINT_IN : HINT_OUT;
	u32 before = direction == DIRECTION_INGRESS ? hint->in_before : hint->out_before;

	if (!(hint->flags & flag))
		return 0;
	if ((s32)(before - end) >= 0)
		return 1;
	// Passed. Offsets wrap: kept, it would hit again 2 GiB further on.
	hint->flags &= ~flag;
	return 0;
}

// Learns the protocol from an operation's first bytes. Returns false when the operation is not to be reported.
static __always_inline int learn(struct socket_state *state, struct first_bytes found, u64 bytes, u8 direction)
{
	u8 before = state->protocol;

	if (found.protocol == PROTOCOL_HTTP1) {
		state->protocol = PROTOCOL_HTTP1;
		state->quiet = 0;
		if (!state->role)
			state->role = (found.message == MESSAGE_REQUEST) == (direction == DIRECTION_EGRESS)
					      ? ROLE_CLIENT
					      : ROLE_SERVER;
		return 1;
	}
	if (state->quiet < 255)
		state->quiet++;
	if (before == PROTOCOL_OTHER)
		return 0;
	if (before == PROTOCOL_UNKNOWN) {
		if (found.protocol) {
			state->protocol = found.protocol;
		} else {
			state->unknown_weight += bytes < SHORT_BYTES ? WEIGHT_SHORT : WEIGHT_LONG;
			if (state->unknown_weight > setting_unknown_operations * WEIGHT_LONG)
				state->protocol = PROTOCOL_OTHER;
		}
	}
	return 1;
}

// True when nothing of this connection is read any more. A connection older than the agent may have been in the
// middle of a body when it was first seen, so its first bytes stay worth a look.
static __always_inline int is_settled(struct socket_state *state)
{
	if (state->protocol == PROTOCOL_UNKNOWN || state->protocol == PROTOCOL_HTTP1)
		return 0;
	return !(state->protocol == PROTOCOL_OTHER && !state->born && !state->opaque);
}

static __always_inline void count_ring_full(u8 message)
{
	struct counters *counters = counters_here();

	if (!counters)
		return;
	if (message == MESSAGE_REQUEST)
		counters->lost_ring_full_request++;
	else if (message == MESSAGE_RESPONSE)
		counters->lost_ring_full_response++;
	else
		counters->lost_ring_full_other++;
}

static __always_inline int describe_if_new(void *ctx, struct sock *sk, struct socket_state *state,
					   const struct operation *op, u32 tgid)
{
	struct description what = {.fd = op->fd, .syscall = op->syscall, .success = 1};

	if (state->described && state->tgid == tgid && state->described_role == state->role)
		return 0;
	what.start_ns = op->start_ns;
	what.cause = state->described ? CAUSE_CHANGED : CAUSE_FIRST_SEEN;
	return describe(ctx, sk, state, &what);
}

// How much of an operation is wanted, and into the scratch with it. Returns the flags; the event has the lengths.
static __always_inline u32 take_payload(struct scratch *scratch, const struct operation *op, u64 captured, u64 limit)
{
	u64 bytes = op->bytes, reachable = op->source.reachable, tail;
	long copied;

	BOUND(limit, MAX_CAPTURE);
	if (captured > limit)
		captured = limit;
	if (limit > reachable)
		limit = reachable;
	if (captured < limit) {
		copied = copy(&op->source, captured, limit, captured);
		if (copied > 0)
			captured += copied;
	}
	scratch->event.captured = captured;
	if (captured >= bytes)
		return 0;
	tail = bytes - captured;
	BOUND(tail, TAIL_BYTES);
	// Only whole: a tail that does not end with the operation says nothing.
	if (bytes == reachable && copy(&op->source, bytes - tail, bytes, captured) == (long)tail)
		scratch->event.tail = tail;
	return FLAG_CUT;
}

// How much is copied of an operation: a head may come in several.
static __always_inline u64 wanted(const struct socket_state *state, u8 direction, u8 message)
{
	u32 left = direction == DIRECTION_EGRESS ? state->head_left[1] : state->head_left[0];

	if (message)
		return setting_head_limit;
	return left > setting_body_limit ? left : setting_body_limit;
}

// Keeps what is left for a head that this operation has begun, or gone on with, and not ended.
static __always_inline void note_head(struct socket_state *state, u8 direction, u8 message, u64 bytes, u64 captured,
				      const u8 *payload)
{
	u16 *left = direction == DIRECTION_EGRESS ? &state->head_left[1] : &state->head_left[0];
	u64 before = message ? setting_head_limit : *left, end = captured;

	*left = 0;
	if (captured < bytes || captured < 4 || captured >= before)
		return;
	BOUND(end, MAX_CAPTURE);
	if (end >= 4 && payload[end - 4] == '\r' && payload[end - 3] == '\n' && payload[end - 2] == '\r' &&
	    payload[end - 1] == '\n')
		return;
	*left = before - captured;
}

// All of an event but what was captured. Returns its size.
static __always_inline u64 fill_event(struct operation_event *event, struct sock *sk, struct socket_state *state,
				      const struct operation *op, u32 flags, u32 offset, u64 now)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();

	event->head.kind = KIND_OPERATION;
	event->head.syscall = op->syscall;
	event->head.direction = op->direction;
	event->head.protocol = state->protocol;
	event->head.flags = flags;
	event->head.socket_id = state->socket_id;
	event->head.start_ns = op->start_ns;
	event->head.end_ns = now;
	event->head.tgid = pid_tgid >> 32;
	event->head.fd = op->fd;
	event->data_id = op->data_id;
	event->prev_data_id = state->submitted_id;
	event->offset = offset;
	event->bytes = op->bytes;
	event->sequence = 0;
	fill_deltas(sk, state, event);
	event->role = state->role;
	event->reserved = 0;
	event->tid = pid_tgid;
	return sizeof(*event) + event->captured + event->tail;
}

// Classifies, copies and fills the header. Returns the size of the event, 0 when nothing is to be submitted (and that
// has been counted). A global function: the verifier checks it once, for any arguments.
__noinline long prepare(u64 sock, struct socket_state *state, struct operation *op)
{
	u64 now = bpf_ktime_get_ns();
	struct sock *sk = (struct sock *)sock;
	u32 cpu = bpf_get_smp_processor_id();
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &cpu);
	struct first_bytes found = {};
	u32 flags = 0, offset;
	long copied = 0;
	int settled, skip;

	if (!state || !op || !scratch)
		return 0;
	struct operation_event *event = &scratch->event;
	offset = stream_offset(sk, op->direction, op->bytes);
	settled = is_settled(state);
	event->captured = 0;
	event->tail = 0;

	// 1. The first bytes, and what they say.
	if (!op->opaque && !settled) {
		u64 *first = (u64 *)scratch->payload;

		first[0] = first[1] = first[2] = 0;
		copied = copy(&op->source, 0, op->source.reachable < PROBE_BYTES ? op->source.reachable : PROBE_BYTES, 0);
		if (copied < 0)
			COUNT(payload_faults);
		else
			found = classify(scratch->payload);
	}
	if (setting_tls && found.protocol == PROTOCOL_TLS && state->protocol == PROTOCOL_HTTP1)
		note_tls_bytes(sk, state, op->direction, op->fd, &op->source);
	event->message = found.message;
	skip = settled || !learn(state, found, op->bytes, op->direction);
	if (is_other_role(state)) {
		COUNT(skipped_not_selected);
		return 0;
	}
	if (found.message == MESSAGE_REQUEST)
		COUNT(request_starts_seen);
	else if (found.message == MESSAGE_RESPONSE)
		COUNT(response_starts_seen);
	if (setting_tls && !settled && state->protocol == PROTOCOL_TLS)
		report_tls();
	if (skip && !setting_all_operations) {
		if (state->protocol == PROTOCOL_TLS)
			COUNT(skipped_tls_ciphertext);
		else
			COUNT(skipped_not_http);
		return 0;
	}

	// 2. How much of it is wanted.
	if (op->opaque || state->protocol > PROTOCOL_HTTP1)
		skip = 1;
	if (!skip && !found.message && (op->bytes > HINT_BYTES || state->quiet > QUIET_OPERATIONS)) {
		skip = is_hinted(state, op->direction, offset + (u32)op->bytes);
		if (state->opaque && !setting_all_operations) {
			COUNT(skipped_not_http);
			return 0;
		}
	}
	if (skip)
		flags = FLAG_OPAQUE;
	else if (copied < 0)
		flags = FLAG_FAULT;
	else
		flags = take_payload(scratch, op, copied, wanted(state, op->direction, found.message));
	note_head(state, op->direction, found.message, op->bytes, event->captured, scratch->payload);

	// 3. The header.
	u64 *end_ns = op->direction == DIRECTION_EGRESS ? &state->end_ns[1] : &state->end_ns[0];
	u32 *end = op->direction == DIRECTION_EGRESS ? &state->end[1] : &state->end[0];
	u8 *seen = op->direction == DIRECTION_EGRESS ? &state->seen[1] : &state->seen[0];
	if (!op->start_ns)
		flags |= FLAG_START_UNKNOWN;
	if (!*seen && !state->born)
		flags |= FLAG_MID_STREAM;
	// Before the end of the one that returned first, in time or in the stream.
	if ((op->start_ns && *end_ns > op->start_ns) || (*end_ns && (s32)(*end - offset) > 0))
		flags |= FLAG_OVERLAP;
	*end_ns = now;
	*end = offset + (u32)op->bytes;
	return fill_event(event, sk, state, op, flags, offset, now);
}

static __always_inline void submit(void *ctx, struct sock *sk, struct socket_state *state, struct operation *op,
				   struct scratch *scratch)
{
	struct counters *counters;
	u64 size = prepare((u64)sk, state, op);

	if (!size)
		return;
	// Also when it gets lost now: the next one then names it, which tells a loss from a call that moved nothing.
	state->submitted_id = op->data_id;
	// The description first, so that no operation is of an unknown socket.
	if (describe_if_new(ctx, sk, state, op, scratch->event.head.tgid)) {
		count_ring_full(scratch->event.message);
		return;
	}
	BOUND(size, sizeof(struct operation_event) + MAX_CAPTURE + TAIL_BYTES);
	if (emit(ctx, state->socket_id, &scratch->event, size)) {
		count_ring_full(scratch->event.message);
		return;
	}
	if (op->direction == DIRECTION_EGRESS)
		state->seen[1] = 1;
	else
		state->seen[0] = 1;
	counters = counters_here();
	if (counters) {
		counters->submitted++;
		counters->bytes_submitted += size;
	}
}

// Of a socket that is watched.
static __noinline int handle_operation(void *ctx, struct sock *sk, struct socket_state *state, struct operation *op)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &cpu);

	if (!state || !op)
		return 0;
	// The id is taken before anything can be skipped, so that ids order all operations of a connection.
	if (!op->data_id && takes_id(state))
		op->data_id = __sync_fetch_and_add(&state->ids, 1) + 1;
	if (setting_tls && state->protocol != PROTOCOL_HTTP1)
		note_tls_bytes(sk, state, op->direction, op->fd, &op->source);
	if (!scratch || scratch->busy) {
		state->submitted_id = op->data_id;
		COUNT(lost_scratch_busy);
		return 0;
	}
	scratch->busy = 1;
	submit(ctx, sk, state, op, scratch);
	scratch->busy = 0;
	return 0;
}

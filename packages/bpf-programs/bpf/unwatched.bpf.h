// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Operations of sockets that are selected, and left out to save work. Nothing of them is submitted; how many requests begin on them
// is counted, so that the ledger can say how many are missing. That costs a look at the first bytes of what the requests come on.
#pragma once

static __always_inline int may_carry_requests(const struct socket_state *state, u8 direction)
{
	return !state->role || (state->role == ROLE_CLIENT) == (direction == DIRECTION_EGRESS);
}

// Whether the first bytes of a buffer are those of a request.
static __noinline int starts_a_request(u64 address, u64 bytes)
{
	u64 first[3] = {};

	BOUND(bytes, sizeof(first));
	if (bpf_probe_read_user(first, bytes, (void *)address))
		return 0;
	return classify((const u8 *)first).message == MESSAGE_REQUEST;
}

// The same of an operation, as far as its first segment shows.
static __always_inline int operation_starts_a_request(const struct operation *op)
{
	u64 address = op->source.base;
	struct iovec first;

	if (op->opaque)
		return 0;
	if (!op->source.messages && !op->source.segments)
		return starts_a_request(address, op->bytes);
	if (op->source.messages &&
	    bpf_probe_read_user(&address, sizeof(address), (void *)(address + __builtin_offsetof(struct user_msghdr, msg_iov))))
		return 0;
	if (bpf_probe_read_user(&first, sizeof(first), (void *)address))
		return 0;
	return starts_a_request(first.iov_base, first.iov_len < op->bytes ? first.iov_len : op->bytes);
}

static __noinline int count_unwatched(struct sock *sk, const struct operation *op)
{
	struct socket_state *state = state_of(sk);

	if (!state || !op || state->own || state->selected != VERDICT_NOT_WATCHED || is_settled(state))
		return 0;
	if (is_other_role(state))
		return 0;
	if (may_carry_requests(state, op->direction) && operation_starts_a_request(op))
		COUNT(request_starts_not_watched);
	return 0;
}

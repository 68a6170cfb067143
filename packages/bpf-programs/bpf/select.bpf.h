// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Which connections are watched. Decided once for a socket, a process and an epoch of the settings.
#pragma once

enum verdict {
	VERDICT_NONE = 0,
	VERDICT_SELECTED = 1,
	VERDICT_NOT_SELECTED = 2,
	VERDICT_OWN = 3,
	VERDICT_NOT_WATCHED = 4,
};

static __always_inline int process_is_selected(struct task_struct *task, u32 tgid)
{
	struct comm comm = {};

	if (bpf_map_lookup_elem(&selected_tgids, &tgid))
		return 1;
	bpf_probe_read_kernel_str(&comm, sizeof(comm), task->group_leader->comm);
	return bpf_map_lookup_elem(&selected_comms, &comm) != 0;
}

static __always_inline int port_is_selected(struct sock *sk)
{
	u32 port = BPF_CORE_READ(sk, __sk_common.skc_num);

	if (bpf_map_lookup_elem(&selected_ports, &port))
		return 1;
	port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	return bpf_map_lookup_elem(&selected_ports, &port) != 0;
}

// Multiples of the golden ratio: of sockets born one after another, or every other one, each part gets its share, and what a
// small part holds a larger one holds, too. User space computes the same.
static __always_inline int is_in_watched_part(u64 socket_id)
{
	return ((u32)socket_id * 2654435769u) >> 22 < setting_watched;
}

static __noinline u8 decide(struct sock *sk, u64 socket_id, u32 tgid)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (setting_select_port && !port_is_selected(sk))
		return VERDICT_NOT_SELECTED;
	if (setting_select_process && !process_is_selected(task, tgid))
		return VERDICT_NOT_SELECTED;
	if (setting_reject_process && bpf_map_lookup_elem(&rejected_tgids, &tgid))
		return VERDICT_NOT_SELECTED;
	return is_in_watched_part(socket_id) ? VERDICT_SELECTED : VERDICT_NOT_WATCHED;
}

static __noinline int decide_again(struct sock *sk, struct socket_state *state, u32 tgid)
{
	if (!state)
		return 0;
	state->decided_epoch = selection_epoch;
	state->decided_tgid = tgid;
	state->selected = decide(sk, state->socket_id, tgid);
	if (!state->own && is_excluded_process(tgid)) {
		state->own = 1;
		exclude_other_end(sk);
	}
	return 0;
}

// The role may be learnt later: until then the connection is let through.
static __always_inline int is_other_role(const struct socket_state *state)
{
	return setting_role && state->role && state->role != setting_role;
}

// Whether this socket's events go to user space. The way of every call on every connection of the machine ends here, or
// goes on: nothing is looked up.
static __always_inline u32 verdict_on(struct sock *sk, struct socket_state *state, u32 tgid)
{
	if (state->decided_tgid != tgid || state->decided_epoch != selection_epoch)
		decide_again(sk, state, tgid);
	if (state->own)
		return VERDICT_OWN;
	if (is_other_role(state))
		return VERDICT_NOT_SELECTED;
	return state->selected;
}

static __always_inline int is_watched(struct sock *sk, struct socket_state *state, u32 tgid)
{
	return verdict_on(sk, state, tgid) == VERDICT_SELECTED;
}

static __always_inline void count_left_out(u32 verdict)
{
	if (verdict == VERDICT_OWN)
		COUNT(skipped_own);
	else if (verdict == VERDICT_NOT_WATCHED)
		COUNT(skipped_not_watched);
	else
		COUNT(skipped_not_selected);
}

// The state of the socket an operation was on, when it is watched. Null: it has been counted why not (no socket at all: by
// who looked for it).
static __always_inline struct socket_state *watched_state(struct sock *sk, u32 tgid)
{
	struct socket_state *state;
	u32 verdict;

	if (!sk)
		return 0;
	state = state_of(sk);
	if (!state) {
		if (!is_tcp(sk)) {
			COUNT(skipped_not_tcp);
			return 0;
		}
		state = remember(sk, ROLE_UNKNOWN, 0);
		if (!state) {
			COUNT(lost_map_full);
			return 0;
		}
	}
	verdict = verdict_on(sk, state, tgid);
	if (verdict == VERDICT_SELECTED)
		return state;
	count_left_out(verdict);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Which connections are watched. Decided once for a socket, a process and an epoch of the settings.
#pragma once

enum verdict {
	VERDICT_NONE = 0,
	VERDICT_SELECTED = 1,
	VERDICT_NOT_SELECTED = 2,
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

static __noinline u8 decide(struct sock *sk, u32 tgid)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (setting_select_port && !port_is_selected(sk))
		return VERDICT_NOT_SELECTED;
	if (setting_select_process && !process_is_selected(task, tgid))
		return VERDICT_NOT_SELECTED;
	return VERDICT_SELECTED;
}

// True when this socket's events go to user space; else the reason has been counted, if `count` says so.
static __always_inline int is_watched(struct sock *sk, struct socket_state *state, u32 tgid, int count)
{
	u32 zero = 0;
	u32 *epoch = bpf_map_lookup_elem(&selection_epoch, &zero);

	if (!epoch)
		return 0;
	if (state->decided_tgid != tgid || state->decided_epoch != *epoch) {
		state->decided_tgid = tgid;
		state->decided_epoch = *epoch;
		state->selected = decide(sk, tgid);
		if (!state->own && is_excluded_process(tgid)) {
			state->own = 1;
			exclude_other_end(sk);
		}
	}
	if (state->own) {
		if (count)
			COUNT(skipped_own);
		return 0;
	}
	// The role may be learnt later: until then the connection is let through.
	if (state->selected != VERDICT_SELECTED || (setting_role && state->role && state->role != setting_role)) {
		if (count)
			COUNT(skipped_not_selected);
		return 0;
	}
	return 1;
}

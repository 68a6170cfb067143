// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Sites inside a function, or around the one that it calls, on trial beside its entry and its return. A probe on the first instruction of many a function
// has to be stepped, which costs a virtual machine ten times as much as one the kernel emulates; user space looks for such
// ones further on, and believes itself only when calls have shown the same there: each passed once, same arguments, same
// number of bytes.
//
//   entry            enter_tls            what counts
//     site           try_tls_entry        compares with it
//     other site     try_tls_exit         remembers the bytes
//   return           exit_tls             judges, and counts
#pragma once

struct tls_trial {
	u64 passed;
	u64 failed;
};

#define MAX_TLS_TRIALS 1024

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_TLS_TRIALS);
	__type(key, u32);
	__type(value, struct tls_trial);
} tls_trials SEC(".maps");

// What user space gives with each place: the kind of call, how it says what it moved, the slot of a trial.
#define COOKIE_KIND(cookie) ((u32)(cookie) & 0xff)
#define COOKIE_MOVED_AT_ARG4 0x100
#define COOKIE_TRIAL(cookie) ((u32)((cookie) >> 16))

static __always_inline int is_tls_process(struct task_struct *task)
{
	u32 tgid = task->tgid;

	return !is_excluded_process(tgid) && (!setting_select_process || process_is_selected(task, tgid));
}

static __always_inline void count_trial(u32 slot, int passed)
{
	struct tls_trial *trial = bpf_map_lookup_elem(&tls_trials, &slot);

	if (trial)
		__sync_fetch_and_add(passed ? &trial->passed : &trial->failed, 1);
}

// How much a call moved, 0 when it failed.
static __always_inline u64 bytes_of_tls_call(s32 result, u64 moved_at)
{
	u64 moved = 0;

	if (result <= 0)
		return 0;
	if (!moved_at)
		return result;
	if (bpf_probe_read_user(&moved, sizeof(moved), (void *)moved_at))
		return 0;
	return moved;
}

SEC("uprobe") int try_tls_entry(struct probe_registers *regs)
{
	struct tls_call *call = tls_call_here(0);
	u64 cookie = bpf_get_attach_cookie(regs);
	u32 slot = COOKIE_TRIAL(cookie);
	int same;

	if (stopping || !is_tls_process(bpf_get_current_task_btf()))
		return 0;
	if (!call || !call->kind) {
		// Here without having come through the entry.
		count_trial(slot, 0);
		return 0;
	}
	// Probes of the trial before, on their way out.
	if (call->trial != slot)
		return 0;
	call->site_moved_at = cookie & COOKIE_MOVED_AT_ARG4 ? PROBE_ARG4(regs) : 0;
	same = call->session == PROBE_ARG1(regs) &&
	       (call->kind == TLS_HANDSHAKE || call->buffer == PROBE_ARG2(regs)) &&
	       (!call->moved_at || call->moved_at == call->site_moved_at);
	call->site_entries += same ? 1 : 2;
	return 0;
}

SEC("uprobe") int try_tls_exit(struct probe_registers *regs)
{
	struct tls_call *call = tls_call_here(0);
	u32 slot = COOKIE_TRIAL(bpf_get_attach_cookie(regs));

	if (stopping || !call || !call->kind || call->trial != slot)
		return 0;
	call->site_exits++;
	call->site_bytes = bytes_of_tls_call(PROBE_RESULT(regs), call->site_moved_at);
	return 0;
}

static __always_inline void judge_trial(const struct tls_call *call, u64 bytes)
{
	if (call->trial)
		count_trial(call->trial, call->site_entries == 1 && call->site_exits == 1 && call->site_bytes == bytes);
}

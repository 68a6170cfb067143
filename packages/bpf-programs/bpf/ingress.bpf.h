// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// read, readv, preadv2, recvfrom, recvmsg, recvmmsg. Everything but the start time is known when the call returns, so the
// programs on entry may be missing: the call was blocked when the agent came, or nobody asked for start times. They cost
// a server some 0.2 us for each read, also for those that find nothing.
#pragma once

static __always_inline int enter_ingress(struct syscall_enter *ctx, u32 syscall)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call *call = bpf_task_storage_get(&calls, task, 0, 0);

	if (stopping)
		return 0;
	if (!call) {
		struct sock *sk = sock_of_fd(task, ctx->args[0]);

		if (!sk || !is_tcp(sk))
			return 0;
		call = bpf_task_storage_get(&calls, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!call)
			return 0;
	}
	call->syscall = syscall;
	call->life = capture_life;
	call->start_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline u64 take_start(struct task_struct *task, u32 syscall)
{
	struct call *call = bpf_task_storage_get(&calls, task, 0, 0);

	if (!call || call->syscall != syscall || call->life != capture_life)
		return 0;
	call->syscall = 0;
	return call->start_ns;
}

// A look at the queue, out-of-band data and the error queue move nothing in the stream: no operation, no id.
#define MOVES_NOTHING (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE)

#define INGRESS(name, code, fill, flags_of)                                                                            \
	SEC("tp/syscalls/sys_enter_" #name) int enter_##name(struct syscall_enter *ctx)                               \
	{                                                                                                              \
		return enter_ingress(ctx, code);                                                                       \
	}                                                                                                              \
	SEC("tp/syscalls/sys_exit_" #name) int exit_##name(struct syscall_exit *ctx)                                  \
	{                                                                                                              \
		struct operation op = {.syscall = code, .direction = DIRECTION_INGRESS};                               \
		struct task_struct *task;                                                                              \
		struct socket_state *state;                                                                            \
		struct pt_regs *regs;                                                                                  \
		struct sock *sk;                                                                                       \
		u32 flags;                                                                                             \
                                                                                                                       \
		if (ctx->ret <= 0 || stopping)                                                                         \
			return 0;                                                                                      \
		task = bpf_get_current_task_btf();                                                                     \
		regs = (struct pt_regs *)bpf_task_pt_regs(task);                                                       \
		flags = flags_of(regs);                                                                                \
		if (flags & MOVES_NOTHING)                                                                             \
			return 0;                                                                                      \
		COUNT(seen);                                                                                           \
		op.fd = ARG1(regs);                                                                                    \
		sk = sock_of_fd(task, op.fd);                                                                          \
		if (!sk)                                                                                               \
			COUNT(skipped_not_tcp);                                                                        \
		state = watched_state(sk, task->tgid);                                                                 \
		if (!state) {                                                                                          \
			op.bytes = ctx->ret;                                                                           \
			if (setting_sees_left_out && sk && !fill(&op, regs)) {                                         \
				note_left_out(sk, op.fd, &op.source);                                                  \
				count_unwatched(sk, &op);                                                              \
			}                                                                                              \
			return 0;                                                                                      \
		}                                                                                                      \
		op.bytes = ctx->ret;                                                                                   \
		if (fill(&op, regs)) {                                                                                 \
			COUNT(lost_fault);                                                                             \
			return 0;                                                                                      \
		}                                                                                                      \
		/* TCP throws the bytes away and says how many. */                                                     \
		if (flags & MSG_TRUNC)                                                                                 \
			op.opaque = 1;                                                                                 \
		if (setting_read_starts)                                                                               \
			op.start_ns = take_start(task, code);                                                          \
		return handle_operation(ctx, sk, state, &op);                                                          \
	}

#define NO_FLAGS(regs) 0

INGRESS(read, SYSCALL_READ, from_buffer, NO_FLAGS)
INGRESS(readv, SYSCALL_READV, from_iovecs, NO_FLAGS)
INGRESS(preadv2, SYSCALL_PREADV2, from_iovecs, NO_FLAGS)
INGRESS(recvfrom, SYSCALL_RECVFROM, from_buffer, ARG4)
INGRESS(recvmsg, SYSCALL_RECVMSG, from_msghdr, ARG3)
INGRESS(recvmmsg, SYSCALL_RECVMMSG, from_mmsghdrs, ARG4)

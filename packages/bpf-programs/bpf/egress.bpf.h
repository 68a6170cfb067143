// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// write, writev, sendto, sendmsg, sendmmsg, sendfile64. The data id is taken when the call is entered: a client's
// write then has a lower id than the read of its answer, whichever of the two calls returns first.
#pragma once

static __always_inline int enter_egress(struct syscall_enter *ctx, u32 syscall)
{
	struct task_struct *task = bpf_get_current_task_btf();
	s32 fd = ctx->args[0];
	struct call *call = bpf_task_storage_get(&calls, task, 0, 0);
	struct sock *sk = sock_of_fd(task, fd);
	struct socket_state *state = 0;

	if (stopping)
		return 0;
	if (sk) {
		state = state_of(sk);
		if (!state && is_tcp(sk))
			state = remember(sk, ROLE_UNKNOWN, 0);
	}
	// A thread that never wrote to a TCP socket gets no storage: its exits look for themselves.
	if (!call) {
		if (!state)
			return 0;
		call = bpf_task_storage_get(&calls, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!call)
			return 0;
	}
	call->syscall = syscall;
	call->fd = fd;
	call->start_ns = bpf_ktime_get_ns();
	call->sk = (u64)sk;
	call->data_id = 0;
	call->socket_id = 0;
	call->verdict = VERDICT_NONE;
	if (state) {
		call->verdict = verdict_on(sk, state, task->tgid);
		call->socket_id = state->socket_id;
		// Without asking for the verdict: it may have changed when the call returns.
		call->data_id = __sync_fetch_and_add(&state->ids, 1) + 1;
	}
	return 0;
}

// The call that returned, as it was noted when it was entered; else as far as its registers tell. Null: it has been counted.
static __always_inline struct sock *egress_socket(struct task_struct *task, struct operation *op, u64 *socket_id)
{
	struct call *call = bpf_task_storage_get(&calls, task, 0, 0);
	struct sock *sk;

	if (call && call->syscall == op->syscall) {
		call->syscall = 0;
		if (call->verdict > VERDICT_SELECTED) {
			count_left_out(call->verdict);
			return 0;
		}
		op->fd = call->fd;
		op->start_ns = call->start_ns;
		op->data_id = call->data_id;
		*socket_id = call->socket_id;
		sk = (struct sock *)call->sk;
	} else {
		op->fd = ARG1((struct pt_regs *)bpf_task_pt_regs(task));
		sk = sock_of_fd(task, op->fd);
	}
	if (!sk)
		COUNT(skipped_not_tcp);
	return sk;
}

// A call that moved nothing has spent its id; only the note is dropped.
static __always_inline void forget_call(struct task_struct *task)
{
	struct call *call = bpf_task_storage_get(&calls, task, 0, 0);

	if (call)
		call->syscall = 0;
}

#define EGRESS(name, code, fill)                                                                                       \
	SEC("tp/syscalls/sys_enter_" #name) int enter_##name(struct syscall_enter *ctx)                               \
	{                                                                                                              \
		return enter_egress(ctx, code);                                                                        \
	}                                                                                                              \
	SEC("tp/syscalls/sys_exit_" #name) int exit_##name(struct syscall_exit *ctx)                                  \
	{                                                                                                              \
		struct operation op = {.syscall = code, .direction = DIRECTION_EGRESS};                                \
		struct task_struct *task = bpf_get_current_task_btf();                                                 \
		struct socket_state *state;                                                                            \
		struct sock *sk;                                                                                       \
		u64 socket_id = 0;                                                                                     \
                                                                                                                       \
		if (stopping)                                                                                          \
			return 0;                                                                                      \
		if (ctx->ret <= 0) {                                                                                   \
			forget_call(task);                                                                             \
			return 0;                                                                                      \
		}                                                                                                      \
		COUNT(seen);                                                                                           \
		sk = egress_socket(task, &op, &socket_id);                                                             \
		state = watched_state(sk, task->tgid);                                                                 \
		if (!state)                                                                                            \
			return 0;                                                                                      \
		/* An id noted for another life of this socket is no id of this one. */                                \
		if (state->socket_id != socket_id)                                                                     \
			op.data_id = 0;                                                                                \
		op.bytes = ctx->ret;                                                                                   \
		if (fill(&op, (struct pt_regs *)bpf_task_pt_regs(task))) {                                             \
			COUNT(lost_fault);                                                                             \
			return 0;                                                                                      \
		}                                                                                                      \
		return handle_operation(ctx, sk, state, &op);                                                          \
	}

EGRESS(write, SYSCALL_WRITE, from_buffer)
EGRESS(writev, SYSCALL_WRITEV, from_iovecs)
EGRESS(sendto, SYSCALL_SENDTO, from_buffer)
EGRESS(sendmsg, SYSCALL_SENDMSG, from_msghdr)
EGRESS(sendmmsg, SYSCALL_SENDMMSG, from_mmsghdrs)
EGRESS(sendfile64, SYSCALL_SENDFILE64, from_nowhere)

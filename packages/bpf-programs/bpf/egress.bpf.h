// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// write, writev, pwritev2, sendto, sendmsg, sendmmsg, sendfile64, splice. The data id is taken when the call is entered: a client's
// write then has a lower id than the read of its answer, whichever of the two calls returns first.
#pragma once

static __always_inline int enter_egress(struct syscall_enter *ctx, u32 syscall, s32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
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
	call->life = capture_life;
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
		if (takes_id(state))
			call->data_id = __sync_fetch_and_add(&state->ids, 1) + 1;
	}
	return 0;
}

// The call that returned, as it was noted when it was entered; else as far as its registers tell.
static __always_inline struct sock *egress_socket(struct task_struct *task, struct operation *op, u64 *socket_id, s32 fd,
						  u32 *verdict)
{
	struct call *call = bpf_task_storage_get(&calls, task, 0, 0);

	if (call && call->syscall == op->syscall && call->life == capture_life) {
		call->syscall = 0;
		op->fd = call->fd;
		op->start_ns = call->start_ns;
		op->data_id = call->data_id;
		*socket_id = call->socket_id;
		*verdict = call->verdict;
		return (struct sock *)call->sk;
	}
	op->fd = fd;
	return sock_of_fd(task, fd);
}

// The state of the socket that was written to, when it is watched; else null, and it has been counted why not.
static __always_inline struct socket_state *egress_state(struct task_struct *task, struct operation *op, s32 fd,
							 struct sock **sk)
{
	struct socket_state *state;
	u32 verdict = VERDICT_NONE;
	u64 socket_id = 0;

	*sk = egress_socket(task, op, &socket_id, fd, &verdict);
	if (!*sk)
		COUNT(skipped_not_tcp);
	if (verdict > VERDICT_SELECTED) {
		count_left_out(verdict);
		return 0;
	}
	state = watched_state(*sk, task->tgid);
	// An id noted for another life of this socket is no id of this one.
	if (state && state->socket_id != socket_id)
		op->data_id = 0;
	return state;
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
		return enter_egress(ctx, code, ctx->args[0]);                                                                        \
	}                                                                                                              \
	SEC("tp/syscalls/sys_exit_" #name) int exit_##name(struct syscall_exit *ctx)                                  \
	{                                                                                                              \
		struct operation op = {.syscall = code, .direction = DIRECTION_EGRESS};                                \
		struct task_struct *task = bpf_get_current_task_btf();                                                 \
		struct socket_state *state;                                                                            \
		struct sock *sk;                                                                                       \
                                                                                                                       \
		if (stopping)                                                                                          \
			return 0;                                                                                      \
		if (ctx->ret <= 0) {                                                                                   \
			forget_call(task);                                                                             \
			return 0;                                                                                      \
		}                                                                                                      \
		COUNT(seen);                                                                                           \
		state = egress_state(task, &op, ARG1((struct pt_regs *)bpf_task_pt_regs(task)), &sk);                  \
		op.bytes = ctx->ret;                                                                                   \
		if (!state) {                                                                                          \
			if (setting_watched < WATCHED_ALL && sk &&                                                     \
			    !fill(&op, (struct pt_regs *)bpf_task_pt_regs(task)))                                      \
				count_unwatched(sk, &op);                                                              \
			return 0;                                                                                      \
		}                                                                                                      \
		if (fill(&op, (struct pt_regs *)bpf_task_pt_regs(task))) {                                             \
			COUNT(lost_fault);                                                                             \
			return 0;                                                                                      \
		}                                                                                                      \
		return handle_operation(ctx, sk, state, &op);                                                          \
	}

EGRESS(write, SYSCALL_WRITE, from_buffer)
EGRESS(writev, SYSCALL_WRITEV, from_iovecs)
EGRESS(pwritev2, SYSCALL_PWRITEV2, from_iovecs)
EGRESS(sendto, SYSCALL_SENDTO, from_buffer)
EGRESS(sendmsg, SYSCALL_SENDMSG, from_msghdr)
EGRESS(sendmmsg, SYSCALL_SENDMMSG, from_mmsghdrs)
EGRESS(sendfile64, SYSCALL_SENDFILE64, from_nowhere)

// One end of a splice is a pipe: the other may be a socket that is written to, or one that is read from.
SEC("tp/syscalls/sys_enter_splice") int enter_splice(struct syscall_enter *ctx)
{
	return enter_egress(ctx, SYSCALL_SPLICE, ctx->args[2]);
}

SEC("tp/syscalls/sys_exit_splice") int exit_splice(struct syscall_exit *ctx)
{
	struct operation op = {.syscall = SYSCALL_SPLICE, .direction = DIRECTION_EGRESS, .opaque = 1};
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct socket_state *state;
	struct sock *sk;

	if (stopping)
		return 0;
	if (ctx->ret <= 0) {
		forget_call(task);
		return 0;
	}
	COUNT(seen);
	op.bytes = ctx->ret;
	if (sock_of_fd(task, ARG3(regs))) {
		state = egress_state(task, &op, ARG3(regs), &sk);
	} else {
		forget_call(task);
		op.direction = DIRECTION_INGRESS;
		op.fd = ARG1(regs);
		sk = sock_of_fd(task, op.fd);
		if (!sk)
			COUNT(skipped_not_tcp);
		state = watched_state(sk, task->tgid);
	}
	return state ? handle_operation(ctx, sk, state, &op) : 0;
}

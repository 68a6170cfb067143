// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Birth and death of connections.
//
// A socket's life does not end with its connection: a client that half-closed reads its answer after the kernel has
// gone to TCP_CLOSE (the connection waits as a time-wait socket of its own). It ends when the kernel destroys the
// socket, which is in TCP_CLOSE by then and has no file any more, or when it is connected anew.
#pragma once

// Who reports the end: the close(2) in progress does it itself after its own event, else it would come too early.
enum closing {
	CLOSING_NO = 0,
	CLOSING_CALLED = 1,
	CLOSING_ENDED = 2,
};

static __always_inline void note_call(struct task_struct *task, struct sock *sk, u32 syscall, s32 fd, u64 socket_id,
				      u64 mark)
{
	struct call *call = bpf_task_storage_get(&calls, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!call)
		return;
	call->syscall = syscall;
	call->life = capture_life;
	call->fd = fd;
	call->start_ns = bpf_ktime_get_ns();
	call->sk = (u64)sk;
	call->socket_id = socket_id;
	call->data_id = mark;
}

SEC("tp/syscalls/sys_enter_connect") int enter_connect(struct syscall_enter *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct sock *sk = sock_of_fd(task, ctx->args[0]);

	if (!stopping && sk && is_tcp(sk))
		note_call(task, sk, SYSCALL_CONNECT, ctx->args[0], 0, 0);
	return 0;
}

SEC("tp/syscalls/sys_exit_connect") int exit_connect(struct syscall_exit *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct description what = {.syscall = SYSCALL_CONNECT, .cause = CAUSE_CONNECT};
	struct sock *sk;
	struct socket_state *state;

	what.fd = ARG1(regs);
	sk = sock_of_fd(task, what.fd);
	if (stopping || !sk || !is_tcp(sk) || ctx->ret == -EALREADY || ctx->ret == -EISCONN)
		return 0;
	// connect(AF_UNSPEC) succeeds by dissolving the connection.
	if (ctx->ret == 0 && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE)
		return 0;
	state = state_of(sk);
	if (!state)
		state = remember(sk, ROLE_CLIENT, 1);
	if (!state)
		return 0;
	state->role = ROLE_CLIENT;
	state->born = 1;
	if (!is_watched(sk, state, task->tgid))
		return 0;
	what.start_ns = take_start(task, SYSCALL_CONNECT);
	// Not blocking: it goes on. What comes of it shows in operations, or in the socket's end.
	what.success = ctx->ret == 0 || ctx->ret == -EINPROGRESS;
	what.error = -ctx->ret;
	what.sockaddr = ARG2(regs);
	describe(ctx, sk, state, &what);
	return 0;
}

static __always_inline int enter_accept_call(struct syscall_enter *ctx, u32 syscall)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct sock *sk = sock_of_fd(task, ctx->args[0]);

	if (!stopping && sk && is_tcp(sk))
		note_call(task, sk, syscall, ctx->args[0], 0, 0);
	return 0;
}

static __always_inline int exit_accept_call(struct syscall_exit *ctx, u32 syscall)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct description what = {.syscall = syscall, .cause = CAUSE_ACCEPT, .success = 1};
	struct sock *sk;
	struct socket_state *state;

	if (stopping || ctx->ret < 0)
		return 0;
	what.fd = ctx->ret;
	sk = sock_of_fd(task, what.fd);
	if (!sk || !is_tcp(sk))
		return 0;
	state = state_of(sk);
	if (!state)
		state = remember(sk, ROLE_SERVER, 1);
	if (!state)
		return 0;
	state->role = ROLE_SERVER;
	state->born = 1;
	if (!is_watched(sk, state, task->tgid))
		return 0;
	what.start_ns = take_start(task, syscall);
	describe(ctx, sk, state, &what);
	return 0;
}

SEC("tp/syscalls/sys_enter_accept") int enter_accept(struct syscall_enter *ctx)
{
	return enter_accept_call(ctx, SYSCALL_ACCEPT);
}

SEC("tp/syscalls/sys_exit_accept") int exit_accept(struct syscall_exit *ctx)
{
	return exit_accept_call(ctx, SYSCALL_ACCEPT);
}

SEC("tp/syscalls/sys_enter_accept4") int enter_accept4(struct syscall_enter *ctx)
{
	return enter_accept_call(ctx, SYSCALL_ACCEPT4);
}

SEC("tp/syscalls/sys_exit_accept4") int exit_accept4(struct syscall_exit *ctx)
{
	return exit_accept_call(ctx, SYSCALL_ACCEPT4);
}

SEC("tp/syscalls/sys_enter_close") int enter_close(struct syscall_enter *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct sock *sk = sock_of_fd(task, ctx->args[0]);
	struct socket_state *state = sk ? state_of(sk) : 0;

	if (stopping || !state || !state->described)
		return 0;
	u32 before = __sync_val_compare_and_swap(&state->closing, CLOSING_NO, CLOSING_CALLED);
	note_call(task, sk, SYSCALL_CLOSE, ctx->args[0], state->socket_id, before == CLOSING_NO);
	return 0;
}

SEC("tp/syscalls/sys_exit_close") int exit_close(struct syscall_exit *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call *call = bpf_task_storage_get(&calls, task, 0, 0);
	struct close_event event = {.cause = CLOSE_CALLED};
	u32 ended = CLOSING_NO;

	if (stopping || !call || call->syscall != SYSCALL_CLOSE || call->life != capture_life)
		return 0;
	call->syscall = 0;
	event.success = ctx->ret == 0;
	event.head.syscall = SYSCALL_CLOSE;
	event.head.fd = call->fd;
	event.head.start_ns = call->start_ns;
	emit_close(ctx, call->socket_id, task->tgid, &event);
	if (!call->data_id)
		return 0;
	// The socket may have come to its end meanwhile, and left the report to us.
	struct socket_state *state = state_of((struct sock *)call->sk);
	if (!state || state->socket_id != call->socket_id)
		ended = CLOSING_ENDED;
	else
		ended = __sync_lock_test_and_set(&state->closing, CLOSING_NO);
	if (ended == CLOSING_ENDED) {
		struct close_event end = {.cause = CLOSE_LIFE_ENDED, .success = 1, .head = {.fd = -1}};

		emit_close(ctx, call->socket_id, task->tgid, &end);
	}
	return 0;
}

// Half of the connection is given up; the socket lives on.
SEC("tp/syscalls/sys_exit_shutdown") int exit_shutdown(struct syscall_exit *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct close_event event = {.cause = CLOSE_SHUTDOWN, .head = {.syscall = SYSCALL_SHUTDOWN}};
	struct sock *sk = sock_of_fd(task, ARG1(regs));
	struct socket_state *state = sk ? state_of(sk) : 0;

	if (stopping || !state || !state->described)
		return 0;
	event.success = ctx->ret == 0;
	event.how = ARG2(regs);
	event.head.fd = ARG1(regs);
	event.head.flags = FLAG_START_UNKNOWN;
	emit_close(ctx, state->socket_id, task->tgid, &event);
	return 0;
}

static __noinline int end_life(void *ctx, struct sock *sk, struct socket_state *state)
{
	struct close_event event = {.cause = CLOSE_LIFE_ENDED, .success = 1, .head = {.fd = -1}};
	u64 key = (u64)sk, id;

	if (!state)
		return 0;
	id = state->socket_id;
	event.head.protocol = state->protocol;
	u32 before = __sync_lock_test_and_set(&state->closing, CLOSING_ENDED);
	if (state->described && before != CLOSING_CALLED)
		emit_close(ctx, id, state->tgid, &event);
	COUNT(sockets_ended);
	if (state->own)
		readmit_other_end(sk);
	forget_session(state);
	bpf_map_delete_elem(&sockets, &key);
	bpf_map_delete_elem(&skip_hints, &id);
	forget_tls_stream(key, id);
	return 0;
}

SEC("raw_tp/tcp_destroy_sock") int tcp_destroy_sock(struct raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];

	return stopping ? 0 : end_life(ctx, sk, state_of(sk));
}

static __always_inline struct listener listener_of(struct sock *sk)
{
	struct listener key = {};

	key.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	key.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	return key;
}

static __always_inline void mark_own(struct sock *sk)
{
	struct socket_state *state = state_of(sk);

	if (!state)
		state = remember(sk, ROLE_UNKNOWN, 1);
	if (state)
		state->own = 1;
}

// A socket that is not ours, or not yet known to be, begins where one of ours may have ended while nobody saw it: in the same
// memory, with the same tuple.
static __always_inline void readmit_unseen_end(struct sock *sk)
{
	if (capture_life)
		readmit_other_end(sk);
}

// Our own connections are marked before any byte crosses them: the connecting side when it starts, its other end (on
// this host) by the tuple as soon as there is one, both before accept(2) or connect(2) return.
SEC("raw_tp/inet_sock_set_state") int inet_sock_set_state(struct raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	s32 old = ctx->args[1], new = ctx->args[2];
	u32 tgid = bpf_get_current_pid_tgid() >> 32, one = 1;
	struct socket_state *state;
	struct listener listener;

	if (stopping || !is_tcp(sk))
		return 0;
	if (new == TCP_SYN_SENT) {
		// Connected anew: another connection in the same socket.
		state = state_of(sk);
		if (state)
			end_life(ctx, sk, state);
		if (is_excluded_process(tgid))
			mark_own(sk);
	} else if (new == TCP_ESTABLISHED) {
		if (old == TCP_SYN_RECV) {
			listener = listener_of(sk);
			if (bpf_map_lookup_elem(&excluded_listeners, &listener)) {
				mark_own(sk);
				exclude_other_end(sk);
				return 0;
			}
			readmit_unseen_end(sk);
			// Now: it may be accepted and read when that end is gone.
			if (is_other_end_excluded(sk))
				mark_own(sk);
		} else {
			state = state_of(sk);
			if (state && state->own)
				exclude_other_end(sk);
			else
				readmit_unseen_end(sk);
		}
	} else if (new == TCP_LISTEN) {
		if (is_excluded_process(tgid)) {
			listener = listener_of(sk);
			bpf_map_update_elem(&excluded_listeners, &listener, &one, BPF_ANY);
		}
	} else if (old == TCP_LISTEN) {
		listener = listener_of(sk);
		bpf_map_delete_elem(&excluded_listeners, &listener);
	}
	return 0;
}

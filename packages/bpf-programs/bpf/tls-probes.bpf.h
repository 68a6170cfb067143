// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The functions of TLS libraries, entered and left. User space attaches each program once for each file that has the
// function (uprobes belong to a file, not to a process), so here it is decided whose calls count. A call may pass two
// probes of one program, while user space exchanges them: the last entry counts, and the first exit.
//
//   int SSL_read(SSL *, void *buffer, int size)           ssize_t gnutls_record_recv(session, void *buffer, size_t)
//   int SSL_read_ex(SSL *, void *buffer, size_t, size_t *moved)            and the same for writing
#pragma once

// Some libraries shake hands within a call to read or write: that is a part of it.
static __always_inline int is_within_tls_call(const struct tls_call *call, u64 cookie)
{
	return COOKIE_KIND(cookie) == TLS_HANDSHAKE && call->kind > TLS_HANDSHAKE;
}

static __always_inline void begin_tls_call(struct tls_call *call, const struct tls_session *session, u64 cookie, u64 buffer)
{
	struct tls_socket *socket;
	struct socket_state *state;

	call->session = session->address;
	call->buffer = buffer;
	call->moved_at = 0;
	call->stack_top = 0;
	call->start_ns = bpf_ktime_get_ns();
	call->data_id = 0;
	call->kind = COOKIE_KIND(cookie);
	call->trial = COOKIE_TRIAL(cookie);
	call->site_entries = 0;
	call->site_exits = 0;
	call->nested.socket_id = 0;
	claim_tls_record(call, session);
	if (call->kind != SYSCALL_TLS_WRITE)
		return;
	// Cause precedes effect: the id of a write is taken now.
	socket = bpf_map_lookup_elem(&tls_sessions, session);
	state = socket ? state_of_tls_socket(socket) : 0;
	if (!state)
		return;
	call->data_id_of = state->socket_id;
	call->data_id = __sync_fetch_and_add(&state->ids, 1) + 1;
}

SEC("uprobe") int enter_tls(struct probe_registers *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tls_session session = {.address = PROBE_ARG1(regs), .tgid = task->tgid};
	u64 cookie = bpf_get_attach_cookie(regs);
	struct tls_call *call;

	if (stopping || !is_tls_process(task))
		return 0;
	call = tls_call_here(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!call || is_within_tls_call(call, cookie))
		return 0;
	begin_tls_call(call, &session, cookie, PROBE_ARG2(regs));
	if (cookie & COOKIE_MOVED_AT_ARG4)
		call->moved_at = PROBE_ARG4(regs);
	return 0;
}

static __always_inline int end_tls_call(void *ctx, struct tls_call *call, u64 bytes)
{
	struct tls_session session = {.address = call->session, .tgid = bpf_get_current_pid_tgid() >> 32};
	struct operation op = {.syscall = call->kind, .bytes = bytes};
	struct tls_socket *socket;
	struct socket_state *state;

	call->kind = TLS_NO_CALL;
	if (call->nested.socket_id) {
		struct tls_socket nested = call->nested;

		learn_session(&session, &nested);
	}
	if (op.syscall == TLS_HANDSHAKE || !bytes)
		return 0;
	COUNT_ATOMIC(seen);
	socket = bpf_map_lookup_elem(&tls_sessions, &session);
	state = socket ? state_of_tls_socket(socket) : 0;
	if (!state) {
		COUNT_ATOMIC(lost_tls_socket);
		return 0;
	}
	op.direction = direction_of_tls_call(op.syscall);
	op.source.base = call->buffer;
	op.start_ns = call->start_ns;
	op.fd = socket->fd;
	if (call->data_id && call->data_id_of == state->socket_id)
		op.data_id = call->data_id;
	return handle_plaintext(ctx, (struct sock *)socket->sk, state, &op);
}

SEC("uprobe") int exit_tls(struct probe_registers *regs)
{
	struct tls_call *call = tls_call_here(0);
	u64 bytes, cookie = bpf_get_attach_cookie(regs);

	if (stopping || !call || call->kind != COOKIE_KIND(cookie))
		return 0;
	// While places are exchanged, calls pass new exits whose entry is not there yet, and whose results are others.
	if (!call->moved_at != !(cookie & COOKIE_MOVED_AT_ARG4))
		return 0;
	bytes = bytes_of_tls_call(PROBE_RESULT(regs), call->moved_at);
	judge_trial(call, bytes);
	return end_tls_call(regs, call, bytes);
}

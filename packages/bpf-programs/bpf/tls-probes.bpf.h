// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The functions of TLS libraries, entered and left. User space attaches each program once for each file that has the
// function (uprobes belong to a file, not to a process), so here it is decided whose calls count.
//
//   int SSL_read(SSL *, void *buffer, int size)           ssize_t gnutls_record_recv(session, void *buffer, size_t)
//   int SSL_read_ex(SSL *, void *buffer, size_t, size_t *moved)            and the same for writing
#pragma once

static __always_inline int is_tls_process(struct task_struct *task)
{
	u32 tgid = task->tgid;

	return !is_excluded_process(tgid) && (!setting_select_process || process_is_selected(task, tgid));
}

static __always_inline int enter_tls(struct probe_registers *regs, u32 kind, u64 moved_at)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tls_session session = {.address = PROBE_ARG1(regs), .tgid = task->tgid};
	struct tls_thread *thread;
	struct tls_socket *socket;
	struct socket_state *state;

	if (stopping || !is_tls_process(task))
		return 0;
	thread = tls_thread_here(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return 0;
	thread->session = session.address;
	thread->buffer = PROBE_ARG2(regs);
	thread->moved_at = moved_at;
	thread->start_ns = bpf_ktime_get_ns();
	thread->data_id = 0;
	thread->kind = kind;
	thread->nested.socket_id = 0;
	claim_tls_record(thread, &session);
	if (kind != SYSCALL_TLS_WRITE)
		return 0;
	// Cause precedes effect: the id of a write is taken now.
	socket = bpf_map_lookup_elem(&tls_sessions, &session);
	state = socket ? state_of_tls_socket(socket) : 0;
	if (!state)
		return 0;
	thread->data_id_of = state->socket_id;
	thread->data_id = __sync_fetch_and_add(&state->ids, 1) + 1;
	return 0;
}

// How much a call moved, 0 when it failed.
static __always_inline u64 bytes_of_tls_call(struct probe_registers *regs, u64 moved_at)
{
	s32 result = PROBE_RESULT(regs);
	u64 moved = 0;

	if (result <= 0)
		return 0;
	if (!moved_at)
		return result;
	if (bpf_probe_read_user(&moved, sizeof(moved), (void *)moved_at))
		return 0;
	return moved;
}

SEC("uprobe") int exit_tls(struct probe_registers *regs)
{
	struct tls_thread *thread = tls_thread_here(0);
	struct tls_session session = {.tgid = bpf_get_current_pid_tgid() >> 32};
	struct operation op = {};
	struct tls_socket *socket;
	struct socket_state *state;

	if (stopping || !thread || !thread->kind)
		return 0;
	op.syscall = thread->kind;
	thread->kind = TLS_NO_CALL;
	session.address = thread->session;
	if (thread->nested.socket_id) {
		struct tls_socket nested = thread->nested;

		bpf_map_update_elem(&tls_sessions, &session, &nested, BPF_ANY);
	}
	if (op.syscall == TLS_HANDSHAKE)
		return 0;
	op.bytes = bytes_of_tls_call(regs, thread->moved_at);
	if (!op.bytes)
		return 0;
	COUNT_ATOMIC(seen);
	socket = bpf_map_lookup_elem(&tls_sessions, &session);
	state = socket ? state_of_tls_socket(socket) : 0;
	if (!state) {
		COUNT_ATOMIC(lost_tls_socket);
		return 0;
	}
	op.direction = direction_of_tls_call(op.syscall);
	op.source.base = thread->buffer;
	op.start_ns = thread->start_ns;
	op.fd = socket->fd;
	if (thread->data_id && thread->data_id_of == state->socket_id)
		op.data_id = thread->data_id;
	return handle_plaintext(regs, (struct sock *)socket->sk, state, &op);
}

SEC("uprobe") int enter_tls_read(struct probe_registers *regs)
{
	return enter_tls(regs, SYSCALL_TLS_READ, 0);
}

SEC("uprobe") int enter_tls_read_ex(struct probe_registers *regs)
{
	return enter_tls(regs, SYSCALL_TLS_READ, PROBE_ARG4(regs));
}

SEC("uprobe") int enter_tls_write(struct probe_registers *regs)
{
	return enter_tls(regs, SYSCALL_TLS_WRITE, 0);
}

SEC("uprobe") int enter_tls_write_ex(struct probe_registers *regs)
{
	return enter_tls(regs, SYSCALL_TLS_WRITE, PROBE_ARG4(regs));
}

SEC("uprobe") int enter_tls_handshake(struct probe_registers *regs)
{
	return enter_tls(regs, TLS_HANDSHAKE, 0);
}

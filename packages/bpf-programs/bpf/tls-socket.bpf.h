// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Which socket a TLS session belongs to. The library's session (SSL*, gnutls_session_t) knows no socket that could be
// read without knowing the library's structs, so the thread's own system calls tell:
//
//   SSL_read(session)                          read(fd)          the record is read outside of the library and
//     read(fd)   <- nested: proof              SSL_read(session) <- handed to it in memory (Node): the socket whose
//                                                                   TLS record the thread has read last: learnt
#pragma once

enum tls_call_kind {
	TLS_NO_CALL = 0,
	TLS_HANDSHAKE = 1, // the rest are event_syscall's TLS calls
};

struct tls_socket {
	u64 sk;
	u64 socket_id; // 0: none
	s32 fd;
	u32 proven; // nested in a call, not learnt from the order of calls
};

// The TLS call a thread or a goroutine is in, and what it did before it.
struct tls_call {
	u64 session;
	u64 buffer;
	u64 moved_at; // where the call leaves how much it moved; 0: it returns it
	u64 start_ns;
	u64 data_id; // egress: taken on entry, for `data_id_of`
	u64 data_id_of;
	u64 stack_top; // Go: the buffer is on a stack that may move, and this was its end. 0: it stays where it is
	u64 site_moved_at;
	u64 site_bytes;
	u32 kind;
	u32 trial; // the slot of the function's other sites, see tls-trial.bpf.h; 0: none is on trial
	u32 site_entries;
	u32 site_exits;
	struct tls_socket nested; // of the call's own direction
	struct tls_socket unclaimed; // its record was read and handed to no session yet
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tls_call);
} tls_threads SEC(".maps");

// Goes with its socket; one that fell out is learnt again.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct tls_session);
	__type(value, struct tls_socket);
} tls_sessions SEC(".maps");

// A goroutine moves between threads: its calls are its own.
struct goroutine {
	u64 g; // the address of the runtime's struct; Go's code has it in a register
	u32 tgid;
	u32 reserved;
};

// Those that have called Go's crypto/tls.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct goroutine);
	__type(value, struct tls_call);
} tls_goroutines SEC(".maps");

// Set by the loader when it attaches to Go's crypto/tls: until then no system call looks for goroutines.
volatile u32 go_is_watched = 0;

static __always_inline struct tls_call *tls_call_here(u64 flags)
{
	return bpf_task_storage_get(&tls_threads, bpf_get_current_task_btf(), 0, flags);
}

// The TLS call that the system call at hand is made in; null: none.
static __always_inline struct tls_call *tls_call_around(void)
{
	struct tls_call *call = tls_call_here(0);

	if (call && call->kind)
		return call;
	if (!go_is_watched)
		return 0;
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct goroutine key = {.g = GOROUTINE(regs), .tgid = task->tgid};

	call = bpf_map_lookup_elem(&tls_goroutines, &key);
	return call && call->kind ? call : 0;
}

// The state of a session's socket, null when the socket is gone.
static __always_inline struct socket_state *state_of_tls_socket(const struct tls_socket *socket)
{
	struct socket_state *state;

	if (!socket->socket_id)
		return 0;
	state = state_of((struct sock *)socket->sk);
	return state && state->socket_id == socket->socket_id ? state : 0;
}

static __always_inline void learn_session(const struct tls_session *session, const struct tls_socket *socket)
{
	struct socket_state *state = state_of_tls_socket(socket);

	if (!state)
		return;
	bpf_map_update_elem(&tls_sessions, session, socket, BPF_ANY);
	state->tls_session = *session;
}

// The socket is gone, and its session with it, unless that has another socket by now.
static __noinline int forget_session(const struct socket_state *state)
{
	struct tls_session session;
	struct tls_socket *known;

	if (!state || !state->tls_session.address)
		return 0;
	session = state->tls_session;
	known = bpf_map_lookup_elem(&tls_sessions, &session);
	if (known && known->socket_id == state->socket_id)
		bpf_map_delete_elem(&tls_sessions, &session);
	return 0;
}

static __always_inline int starts_tls_record(const struct source *source)
{
	u64 at = source->base;
	u32 word = 0;

	if (source->segments && bpf_probe_read_user(&at, sizeof(at), (void *)source->base))
		return 0;
	if (bpf_probe_read_user(&word, sizeof(word), (void *)at))
		return 0;
	return is_tls_record(word);
}

static __always_inline u8 direction_of_tls_call(u32 kind)
{
	return kind == SYSCALL_TLS_WRITE ? DIRECTION_EGRESS : DIRECTION_INGRESS;
}

#define TLS_REPORT_NS 1000000000ULL

// Tells user space, once a second, that this process speaks TLS and no library's call was seen around it: it may have
// loaded the library after it was looked at.
static __noinline int report_tls(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 tgid = task->tgid;
	u64 now = bpf_ktime_get_ns(), *last = bpf_map_lookup_elem(&tls_reports, &tgid);

	if (last && now - *last < TLS_REPORT_NS)
		return 0;
	bpf_map_update_elem(&tls_reports, &tgid, &now, BPF_ANY);
	return report_process(KIND_TLS, BPF_CORE_READ(task, group_leader));
}

// A system call has moved bytes of a connection that is not known to be plain HTTP, or of one that is and they look like
// TLS (a tunnel through a proxy).
static __noinline int note_tls_bytes(struct sock *sk, struct socket_state *state, u8 direction, s32 fd,
				     const struct source *source)
{
	struct tls_socket socket = {.sk = (u64)sk, .fd = fd};
	struct tls_call *call = tls_call_around();

	if (!state || !source)
		return 0;
	socket.socket_id = state->socket_id;
	if (call) {
		if (call->kind != TLS_HANDSHAKE && direction_of_tls_call(call->kind) != direction)
			return 0;
		// So it is ciphertext, whatever it looks like. Only what was HTTP has to look like it: a tunnel's TLS
		// does, the request that a callback inside the call sends elsewhere does not.
		if (state->protocol == PROTOCOL_HTTP1 && !starts_tls_record(source))
			return 0;
		state->protocol = PROTOCOL_TLS;
		socket.proven = 1;
		call->nested = socket;
		return 0;
	}
	if (direction != DIRECTION_INGRESS)
		return 0;
	if (state->protocol != PROTOCOL_TLS && !starts_tls_record(source))
		return 0;
	call = tls_call_here(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (call)
		call->unclaimed = socket;
	return 0;
}

// A read from a connection that is not watched.
static __always_inline void note_left_out(struct sock *sk, s32 fd, const struct source *source)
{
	struct socket_state *state = state_of(sk);

	if (state && state->protocol != PROTOCOL_HTTP1)
		note_tls_bytes(sk, state, DIRECTION_INGRESS, fd, source);
}

// On entry to a TLS call: a record that was read and not handed to anyone is this session's. What was proven stands.
static __always_inline void claim_tls_record(struct tls_call *call, const struct tls_session *session)
{
	struct tls_socket unclaimed = call->unclaimed, *known;

	if (!unclaimed.socket_id)
		return;
	call->unclaimed.socket_id = 0;
	known = bpf_map_lookup_elem(&tls_sessions, session);
	// Writing may come between another session's reading and its turn.
	if (known && (known->proven || call->kind == SYSCALL_TLS_WRITE) && state_of_tls_socket(known))
		return;
	learn_session(session, &unclaimed);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// From a file descriptor to the socket behind it, and to what is remembered of that socket.
//
//   task -> files -> fdtable -> file -> socket -> sock      (any connection, also those older than the agent)
#pragma once

static __always_inline struct sock *sock_of_fd(struct task_struct *task, s32 fd)
{
	struct fdtable *table = task->files->fdt;
	void *file, *inode, *socket;

	if ((u32)fd >= table->max_fds)
		return 0;
	file = POINTER_AT(table->fd + fd);
	if (!file)
		return 0;
	inode = FIELD(file, file, f_inode);
	if ((FIELD(inode, inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = FIELD(file, file, private_data);
	return socket ? POINTER_AT(socket + bpf_core_field_offset(struct socket, sk)) : 0;
}

static __always_inline int is_tcp(struct sock *sk)
{
	u16 family = FIELD(sock, sk, __sk_common.skc_family);

	if (family != AF_INET && family != AF_INET6)
		return 0;
	return FIELD(sock, sk, sk_protocol) == IPPROTO_TCP;
}

static __always_inline struct socket_state *state_of(struct sock *sk)
{
	u64 key = (u64)sk;
	return bpf_map_lookup_elem(&sockets, &key);
}

// Both ends' addresses; IPv4 in the first four bytes, also when a dual-stack socket maps it. Returns the family.
static __always_inline u8 read_tuple(struct sock *sk, struct tuple *tuple)
{
	u8 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	__builtin_memset(tuple, 0, sizeof(*tuple));
	tuple->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	tuple->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (family == AF_INET6) {
		u32 words[4] = {};

		BPF_CORE_READ_INTO(&words, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32);
		if (!(words[0] == 0 && words[1] == 0 && words[2] == __builtin_bswap32(0xffff))) {
			__builtin_memcpy(tuple->remote_addr, words, sizeof(words));
			BPF_CORE_READ_INTO(&tuple->local_addr, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
			return AF_INET6;
		}
	}
	BPF_CORE_READ_INTO((u32 *)tuple->remote_addr, sk, __sk_common.skc_daddr);
	BPF_CORE_READ_INTO((u32 *)tuple->local_addr, sk, __sk_common.skc_rcv_saddr);
	return AF_INET;
}

// A socket's tuple as its other end has it.
static __always_inline void read_other_end(struct sock *sk, struct tuple *other)
{
	struct tuple tuple;

	read_tuple(sk, &tuple);
	__builtin_memcpy(other->local_addr, tuple.remote_addr, 16);
	__builtin_memcpy(other->remote_addr, tuple.local_addr, 16);
	other->local_port = tuple.remote_port;
	other->remote_port = tuple.local_port;
}

static __always_inline void exclude_other_end(struct sock *sk)
{
	struct tuple other;
	u64 ours = (u64)sk;

	read_other_end(sk, &other);
	bpf_map_update_elem(&excluded_tuples, &other, &ours, BPF_ANY);
}

// The socket that was ours ends, or has ended. Its number goes back to the kernel with TCP_CLOSE, its source port stays: the same
// number.
static __noinline int readmit_other_end(struct sock *sk)
{
	struct tuple other;
	u64 *ours;

	read_other_end(sk, &other);
	other.remote_port = __builtin_bswap16(FIELD(inet_sock, sk, inet_sport));
	ours = bpf_map_lookup_elem(&excluded_tuples, &other);
	if (ours && *ours == (u64)sk)
		bpf_map_delete_elem(&excluded_tuples, &other);
	return 0;
}

// Whether the other end of this socket is one of an excluded process. A port that such a process has given back is anybody's,
// also while a descriptor keeps the socket that had it.
static __noinline int is_other_end_excluded(struct sock *sk)
{
	struct tuple tuple;
	u64 *ours;

	read_tuple(sk, &tuple);
	ours = bpf_map_lookup_elem(&excluded_tuples, &tuple);
	if (!ours)
		return 0;
	return FIELD(sock, *ours, __sk_common.skc_num) == tuple.remote_port &&
	       FIELD(sock, *ours, __sk_common.skc_state) != TCP_CLOSE;
}

static __always_inline int is_excluded_process(u32 tgid)
{
	return bpf_map_lookup_elem(&excluded_tgids, &tgid) != 0;
}

// Remembers a TCP socket. Null when the map is full (counted by who asked).
static __noinline struct socket_state *remember(struct sock *sk, u8 role, u8 born)
{
	u64 key = (u64)sk;
	struct socket_state state = {};

	state.socket_id = __sync_fetch_and_add(&next_socket_id, 1);
	state.born = born;
	state.role = role;
	// An accepted socket inherits its listener's backlog; a connecting one has none.
	if (!role && BPF_CORE_READ(sk, sk_max_ack_backlog) > 0)
		state.role = ROLE_SERVER;
	state.segs_out = FIELD(tcp_sock, sk, segs_out);
	state.retransmits = FIELD(tcp_sock, sk, total_retrans);
	state.lost = FIELD(tcp_sock, sk, lost);
	state.own = is_other_end_excluded(sk);
	if (bpf_map_update_elem(&sockets, &key, &state, BPF_NOEXIST) == 0)
		COUNT(sockets_born);
	return bpf_map_lookup_elem(&sockets, &key);
}

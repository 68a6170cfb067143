// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Events into the queue. Waking the reader for every record costs the server 60 % of its ceiling, so the reader
// drains on a timer and is woken only when it said that it sleeps, or once when a ring fills.
#pragma once

static __always_inline u64 wakeup(void *ring, u32 index)
{
	struct ring_control *control = bpf_map_lookup_elem(&ring_controls, &index);

	if (!control)
		return BPF_RB_NO_WAKEUP;
	if (control->idle) {
		control->idle = 0;
		COUNT(wakeups);
		return BPF_RB_FORCE_WAKEUP;
	}
	u64 held = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);
	if (held < setting_wake_bytes) {
		if (control->filled)
			control->filled = 0;
		return BPF_RB_NO_WAKEUP;
	}
	if (control->filled)
		return BPF_RB_NO_WAKEUP;
	control->filled = 1;
	COUNT(wakeups);
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline long emit(void *ctx, u64 socket_id, void *data, u64 size)
{
	if (setting_queue == QUEUE_PERF)
		return bpf_perf_event_output(ctx, &perf_events, BPF_F_CURRENT_CPU, data, size);
	u32 index = socket_id % setting_rings;
	void *ring = bpf_map_lookup_elem(&rings, &index);
	if (!ring)
		return -1;
	return bpf_ringbuf_output(ring, data, size, wakeup(ring, index));
}

// Describes a socket to user space, and remembers that it did.
struct description {
	u64 start_ns;
	s32 fd;
	u8 syscall;
	u8 cause;
	u8 success;
	u32 error;
	u64 sockaddr; // connect: the address asked for; a failed connect leaves none in the socket
};

static __always_inline void fill_asked_address(struct connection_event *event, u64 sockaddr)
{
	struct {
		u16 family;
		u16 port;
		u32 addr;
		u32 addr6[4];
	} asked = {};

	// 16 bytes are all that an IPv4 address needs; reading 24 from it may fault at the end of a page.
	if (bpf_probe_read_user(&asked, 16, (void *)sockaddr))
		return;
	event->remote_port = __builtin_bswap16(asked.port);
	if (asked.family == AF_INET) {
		event->family = AF_INET;
		__builtin_memcpy(event->remote_addr, &asked.addr, 4);
	} else if (asked.family == AF_INET6 && !bpf_probe_read_user(&asked, 24, (void *)sockaddr)) {
		if (asked.addr6[0] == 0 && asked.addr6[1] == 0 && asked.addr6[2] == __builtin_bswap32(0xffff)) {
			event->family = AF_INET;
			__builtin_memcpy(event->remote_addr, &asked.addr6[3], 4);
		} else {
			event->family = AF_INET6;
			__builtin_memcpy(event->remote_addr, asked.addr6, 16);
		}
	}
}

static __noinline int describe(void *ctx, struct sock *sk, struct socket_state *state, struct description *what)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct connection_event event = {};

	if (!state || !what)
		return -1;
	event.head.kind = KIND_CONNECTION;
	event.head.syscall = what->syscall;
	event.head.protocol = state->protocol;
	event.head.flags = what->start_ns ? 0 : FLAG_START_UNKNOWN;
	event.head.socket_id = state->socket_id;
	event.head.start_ns = what->start_ns;
	event.head.end_ns = bpf_ktime_get_ns();
	event.head.tgid = task->tgid;
	event.head.fd = what->fd;
	event.family = read_tuple(sk, (struct tuple *)event.local_addr);
	if (!event.remote_port && what->sockaddr)
		fill_asked_address(&event, what->sockaddr);
	event.role = state->role;
	event.cause = what->cause;
	event.success = what->success;
	event.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	event.error = what->error;
	bpf_probe_read_kernel_str(event.comm, sizeof(event.comm), task->group_leader->comm);
	event.uid = BPF_CORE_READ(task, cred, euid.val);
	if (emit(ctx, state->socket_id, &event, sizeof(event))) {
		COUNT(connections_lost);
		state->described = 0;
		return -1;
	}
	COUNT(connections_submitted);
	state->described = 1;
	state->described_role = state->role;
	state->tgid = event.head.tgid;
	return 0;
}

static __noinline int emit_close(void *ctx, u64 socket_id, u32 tgid, struct close_event *event)
{
	if (!event)
		return -1;
	event->head.kind = KIND_CLOSE;
	event->head.socket_id = socket_id;
	event->head.tgid = tgid;
	event->head.end_ns = bpf_ktime_get_ns();
	if (emit(ctx, socket_id, event, sizeof(*event))) {
		COUNT(closes_lost);
		return -1;
	}
	COUNT(closes_submitted);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

// What a TLS library calls a session: SSL*, gnutls_session_t, *tls.Conn, as an address in a process.
struct tls_session {
	u64 address;
	u32 tgid;
	u32 reserved;
};

// What is known of one socket. Its key is the address of struct sock, which never leaves the kernel; the life of an
// entry ends when the socket does, so a reused address meets no old state.
struct socket_state {
	u64 socket_id;
	u64 ids;          // data ids handed out
	u64 submitted_id; // the last one that was to be submitted
	struct tls_session tls_session; // the one that was last learnt to be its own
	u64 end_ns[2];    // when the last operation of a direction returned
	u32 end[2];       // and the furthest stream offset it reached
	u32 tgid;         // the process of the last description
	u32 decided_tgid; // the process and the epoch the selection was decided for
	u32 decided_epoch;
	u32 segs_out;
	u32 retransmits;
	u32 lost;
	u32 unknown_weight; // operations without a known protocol, short ones weigh less
	u32 closing;        // see CLOSING_* in lifecycle.bpf.h
	u8 protocol;
	u8 role;
	u8 described; // a connection event was submitted
	u8 described_role;
	u8 selected;
	u8 own;    // ours, or the other end of ours: never reported
	u8 born;   // connect or accept was seen, so the first operation is the stream's first
	u8 opaque; // user space asked for no more payload
	u8 quiet;  // operations since the last message start, saturating
	u8 seen[2];
	u8 reserved;
	u16 head_left[2]; // of what a message's head may take, while its end was not seen
};

// Read by user space, which asks what still lives.
_Static_assert(__builtin_offsetof(struct socket_state, socket_id) == 0, "socket_id comes first");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, struct socket_state);
} sockets SEC(".maps");

// The call a thread is in. Task storage costs about a tenth of a hash update and goes with the thread.
struct call {
	u64 start_ns;
	u64 sk;
	u64 socket_id;
	u64 data_id;
	u32 syscall; // 0: none
	s32 fd;
	u32 verdict; // for writes: enum verdict
	u32 life;    // `capture_life` when it was noted: of another one, what is noted may not exist any more
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct call);
} calls SEC(".maps");

// One ring for each partition; a socket's events are always in the same one.
struct event_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct event_ring);
} rings SEC(".maps");

// The other kind of queue: one buffer for each CPU, a router in user space.
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} perf_events SEC(".maps");

// Written by the reader of a ring, too, through mmap: no lock, one writer each.
struct ring_control {
	u32 idle;   // set by the reader: wake me at the next event
	u32 filled; // set by the kernel: the fill threshold was crossed and the reader woken
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, struct ring_control);
} ring_controls SEC(".maps");

// exec, fork and exit, for who wants to know what runs.
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 262144);
} process_ring SEC(".maps");

// An event is put together here: header, then payload. Values of per-CPU maps end at 32 KiB, so this is a plain array
// with an entry for each CPU. System call tracepoints run with preemption off; uprobes do not, hence the flag.
struct scratch {
	u32 busy;
	u32 reserved;
	volatile u64 at; // for gather()
	volatile u64 message_at; // for gather_messages()
	struct iovec iovecs[PART_SEGMENTS];
	struct operation_event event;
	u8 payload[2 * MAX_CAPTURE + TAIL_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

// What user space has asked to leave out, by socket id.
struct skip_hint {
	u32 in_before;  // stream offsets: nothing that ends at or before them is copied
	u32 out_before;
	u32 flags;
	u32 reserved;
};

// In the key: of the socket's TLS plaintext, not of what crosses the socket.
#define HINT_OF_PLAINTEXT (1ULL << 63)

enum skip_hint_flag {
	HINT_IN = 1,
	HINT_OUT = 2,
	HINT_ALL = 4,
};

enum skip_hint_flag *skip_hint_flag_in_btf __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct skip_hint);
} skip_hints SEC(".maps");

// Selection. A change of these maps is followed by a new epoch.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u32);
} selected_tgids SEC(".maps");

// Processes that user space has judged and wants nothing of, by what the kernel does not know: program, container, cgroup.
// What is not in it is let through, so that a process that has just started is missed by nobody. When it is full the
// oldest makes room, and user space leaves out itself.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u32);
} rejected_tgids SEC(".maps");

struct comm {
	char name[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct comm);
	__type(value, u32);
} selected_comms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u32);
} selected_ports SEC(".maps");

// Processes whose connections are never reported, at neither end: the agent's own.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u32);
} excluded_tgids SEC(".maps");

// When a process was last said to use TLS. Goes with the process.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} tls_reports SEC(".maps");

struct tuple {
	u8 local_addr[16];
	u8 remote_addr[16];
	u16 local_port;
	u16 remote_port;
};

// Other ends of excluded connections, as those ends see themselves, and the struct sock of the excluded end. Goes with that
// socket; while the capture is suspended nobody sees it end, so what is found is asked whether it still is that end.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct tuple);
	__type(value, u64);
} excluded_tuples SEC(".maps");

// Ports on which excluded processes listen: connections are marked before anyone has read from them.
struct listener {
	u32 netns;
	u32 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct listener);
	__type(value, u32);
} excluded_listeners SEC(".maps");

// Seeded by the loader with the microseconds since boot: unique while the machine is up, also over restarts.
u64 next_socket_id = 1;

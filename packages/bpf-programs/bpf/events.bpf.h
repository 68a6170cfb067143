// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What crosses from the kernel to user space. These structs are the wire contract of docs/architecture.md: the
// typed views (src/events.generated.ts) are generated from their BTF, and a test compares both with the document.
#pragma once

enum event_kind {
	KIND_CONNECTION = 1,
	KIND_OPERATION = 2,
	KIND_CLOSE = 3,
	KIND_EXEC = 16,
	KIND_FORK = 17,
	KIND_EXIT = 18,
	KIND_TLS = 19,
};

enum event_flag {
	FLAG_START_UNKNOWN = 1,
	FLAG_CUT = 2,
	FLAG_OPAQUE = 4,
	FLAG_FAULT = 8,
	FLAG_TLS_PLAINTEXT = 16,
	FLAG_OVERLAP = 32,
	FLAG_MID_STREAM = 64,
};

enum event_syscall {
	SYSCALL_READ = 1,
	SYSCALL_READV = 2,
	SYSCALL_RECVFROM = 3,
	SYSCALL_RECVMSG = 4,
	SYSCALL_RECVMMSG = 5,
	SYSCALL_PREADV2 = 6,
	SYSCALL_WRITE = 16,
	SYSCALL_WRITEV = 17,
	SYSCALL_SENDTO = 18,
	SYSCALL_SENDMSG = 19,
	SYSCALL_SENDMMSG = 20,
	SYSCALL_SENDFILE64 = 21,
	SYSCALL_SPLICE = 22,
	SYSCALL_PWRITEV2 = 23,
	SYSCALL_CONNECT = 32,
	SYSCALL_ACCEPT = 33,
	SYSCALL_ACCEPT4 = 34,
	SYSCALL_CLOSE = 35,
	SYSCALL_SHUTDOWN = 36,
	SYSCALL_TLS_READ = 48,
	SYSCALL_TLS_WRITE = 49,
};

enum event_direction {
	DIRECTION_NONE = 0,
	DIRECTION_INGRESS = 1,
	DIRECTION_EGRESS = 2,
};

enum event_protocol {
	PROTOCOL_UNKNOWN = 0,
	PROTOCOL_HTTP1 = 1,
	PROTOCOL_HTTP2 = 2,
	PROTOCOL_TLS = 3,
	PROTOCOL_OTHER = 4,
};

enum event_message {
	MESSAGE_OTHER = 0,
	MESSAGE_REQUEST = 1,
	MESSAGE_RESPONSE = 2,
};

enum event_role {
	ROLE_UNKNOWN = 0,
	ROLE_CLIENT = 1,
	ROLE_SERVER = 2,
};

enum connection_cause {
	CAUSE_CONNECT = 1,
	CAUSE_ACCEPT = 2,
	CAUSE_FIRST_SEEN = 3,
	CAUSE_CHANGED = 4,
};

enum close_cause {
	CLOSE_LIFE_ENDED = 1,
	CLOSE_CALLED = 2,
	CLOSE_SHUTDOWN = 3,
};

struct event_head {
	u8 kind;
	u8 syscall;
	u8 direction;
	u8 protocol;
	u32 flags;
	u64 socket_id;
	u64 start_ns;
	u64 end_ns;
	u32 tgid;
	s32 fd;
};

struct operation_event {
	struct event_head head;
	u64 data_id;
	u64 prev_data_id;
	u32 offset;
	u32 bytes;
	u32 captured;
	u16 tail;
	u16 sequence;
	u32 segs_out;
	u32 retransmits;
	u32 srtt_us;
	u32 lost;
	u8 message;
	u8 role;
	u16 reserved;
	u32 tid;
};

struct connection_event {
	struct event_head head;
	u8 local_addr[16];
	u8 remote_addr[16];
	u16 local_port;
	u16 remote_port;
	u8 family;
	u8 role;
	u8 cause;
	u8 success;
	u32 netns;
	u32 error;
	char comm[16];
	u32 uid; // effective, as in the initial user namespace
	u32 reserved;
};

struct close_event {
	struct event_head head;
	u8 cause;
	u8 success;
	u8 how; // of a shutdown: 0 no more reads, 1 no more writes, 2 neither
	u8 reserved[5];
};

struct process_event {
	u8 kind;
	u8 reserved[3];
	u32 exit_code;
	u64 time_ns;
	u32 tgid;
	u32 ppid;
	u32 uid; // effective
	u32 reserved2;
	char comm[16];
};

// exec alone: a process may be gone before anybody could ask which program it ran.
#define EXE_BYTES 128
struct exec_event {
	struct process_event process;
	char exe[EXE_BYTES];
};

_Static_assert(sizeof(struct event_head) == 40, "event head");
_Static_assert(sizeof(struct operation_event) == 96, "operation event");
_Static_assert(sizeof(struct connection_event) == 112, "connection event");
_Static_assert(sizeof(struct close_event) == 48, "close event");
_Static_assert(sizeof(struct process_event) == 48, "process event");

// A type reaches BTF only when something refers to it.
struct names_in_btf {
	enum event_kind kind;
	enum event_flag flag;
	enum event_syscall syscall;
	enum event_direction direction;
	enum event_protocol protocol;
	enum event_message message;
	enum event_role role;
	enum connection_cause connection_cause;
	enum close_cause close_cause;
} *names_in_btf __attribute__((unused));
struct operation_event *operation_event_in_btf __attribute__((unused));
struct connection_event *connection_event_in_btf __attribute__((unused));
struct close_event *close_event_in_btf __attribute__((unused));
struct process_event *process_event_in_btf __attribute__((unused));
struct exec_event *exec_event_in_btf __attribute__((unused));

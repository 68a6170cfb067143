// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The kernel, as far as these programs look into it. Only the members that are read are named; the loader finds
// their real offsets in the running kernel's BTF (preserve_access_index), so no vmlinux.h of one kernel is needed.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed int s32;
typedef signed long long s64;

// The names the helper declarations of libbpf use.
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
};

enum {
	BPF_F_NO_PREALLOC = 1,
	BPF_F_MMAPABLE = 1024,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
};

#define BPF_F_CURRENT_CPU 0xffffffffULL

enum {
	AF_INET = 2,
	AF_INET6 = 10,
	IPPROTO_TCP = 6,
	S_IFMT = 0170000,
	S_IFSOCK = 0140000,
};

enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT = 2,
	TCP_SYN_RECV = 3,
	TCP_CLOSE = 7,
	TCP_LISTEN = 10,
};

enum {
	MSG_OOB = 0x1,
	MSG_PEEK = 0x2,
	MSG_TRUNC = 0x20,
	MSG_ERRQUEUE = 0x2000,
};

enum {
	EALREADY = 114,
	EISCONN = 106,
	EINPROGRESS = 115,
};

// Layouts of the system call interface: fixed, the same on x64 and arm64.
struct iovec {
	u64 iov_base;
	u64 iov_len;
};

struct user_msghdr {
	u64 msg_name;
	u32 msg_namelen;
	u32 pad1;
	u64 msg_iov;
	u64 msg_iovlen;
	u64 msg_control;
	u64 msg_controllen;
	u32 msg_flags;
	u32 pad2;
};

struct mmsghdr {
	struct user_msghdr msg_hdr;
	u32 msg_len;
	u32 pad;
};

struct syscall_enter {
	u64 common;
	s64 nr;
	u64 args[6];
};

struct syscall_exit {
	u64 common;
	s64 nr;
	s64 ret;
};

struct raw_tracepoint_args {
	u64 args[4];
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	u32 inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		u8 u6_addr8[16];
		u32 u6_addr32[4];
	} in6_u;
};

struct sock_common {
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	volatile u8 skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_protocol;
	u32 sk_max_ack_backlog;
};

struct inet_sock {
	u16 inet_sport;
};

struct tcp_sock {
	u32 copied_seq;
	u32 rcv_nxt;
	u32 write_seq;
	u32 segs_out;
	u32 total_retrans;
	u32 srtt_us;
	u32 lost;
};

struct socket {
	struct sock *sk;
};

struct inode {
	u16 i_mode;
};

struct file {
	void *private_data;
	struct inode *f_inode;
};

struct fdtable {
	u32 max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct timespec64 {
	s64 tv_sec;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
};

struct linux_binprm {
	const char *interp;
};

typedef struct {
	u32 val;
} kuid_t;

struct cred {
	kuid_t euid;
};

struct task_struct {
	int pid;
	int tgid;
	int exit_code;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct files_struct *files;
	struct signal_struct *signal;
	const struct cred *cred;
	char comm[16];
};

// Saved user registers: arguments are read from them when a call returns.
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r14;
	unsigned long r8;
	unsigned long r10;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
};
#define ARG1(regs) ((regs)->di)
#define ARG2(regs) ((regs)->si)
#define ARG3(regs) ((regs)->dx)
#define ARG4(regs) ((regs)->r10)
#define GOROUTINE(regs) ((regs)->r14)
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	u64 regs[31];
};
struct pt_regs {
	u64 regs[31];
	u64 orig_x0;
};
// x0 holds the result when the call returns; the first argument survives in orig_x0.
#define ARG1(regs) ((regs)->orig_x0)
#define ARG2(regs) ((regs)->regs[1])
#define ARG3(regs) ((regs)->regs[2])
#define ARG4(regs) ((regs)->regs[3])
#define GOROUTINE(regs) ((regs)->regs[28])
#else
#error "build with -D__TARGET_ARCH_x86 or -D__TARGET_ARCH_arm64"
#endif

#pragma clang attribute pop

// A member of a kernel struct at an address the verifier knows nothing of. From Linux 6.2 on the address can be given a
// type: the load is then one instruction, guarded against faults. Before, each takes a call of some 20 ns, and there are
// about twenty in a request and its response. Hence two objects of the same source; the loader takes the one that fits.
#ifdef DIRECT_READS
extern void *bpf_rdonly_cast(const void *object, u32 type) __ksym;
#define AS(type, address)                                                                                              \
	((struct type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(struct type)))
#define FIELD(type, address, member) (AS(type, address)->member)
// As a number, not as a pointer with a type: any struct that starts with a number will do. The compiler must not share the
// load with one from another kind of memory.
#define POINTER_AT(address)                                                                                            \
	({                                                                                                             \
		u64 pointer_ = AS(timespec64, address)->tv_sec;                                                        \
		asm volatile("" : "+r"(pointer_));                                                                     \
		(void *)pointer_;                                                                                      \
	})
#else
#define FIELD(type, address, member) BPF_CORE_READ((struct type *)(address), member)
#define POINTER_AT(address)                                                                                            \
	({                                                                                                             \
		void *pointer_ = 0;                                                                                    \
		bpf_probe_read_kernel(&pointer_, sizeof(pointer_), (void *)(address));                                 \
		pointer_;                                                                                              \
	})
#endif

// Registers at a user-space function, as a program attached to it gets them: the layout is the user interface's (ptrace),
// the same on every kernel.
#if defined(__TARGET_ARCH_x86)
struct probe_registers {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#define PROBE_ARG1(regs) ((regs)->di)
#define PROBE_ARG2(regs) ((regs)->si)
#define PROBE_ARG4(regs) ((regs)->cx)
#define PROBE_RESULT(regs) ((regs)->ax)
// Go has an order of its own (ABIInternal).
#define GO_ARG1(regs) ((regs)->ax)
#define GO_ARG2(regs) ((regs)->bx)
#define GO_G(regs) ((regs)->r14)
#else
struct probe_registers {
	u64 regs[31];
	u64 sp, pc, pstate;
};
#define PROBE_ARG1(regs) ((regs)->regs[0])
#define PROBE_ARG2(regs) ((regs)->regs[1])
#define PROBE_ARG4(regs) ((regs)->regs[3])
#define PROBE_RESULT(regs) ((regs)->regs[0])
#define GO_ARG1(regs) ((regs)->regs[0])
#define GO_ARG2(regs) ((regs)->regs[1])
#define GO_G(regs) ((regs)->regs[28])
#endif

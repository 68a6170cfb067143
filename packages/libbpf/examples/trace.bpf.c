// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The programs of the examples. Build: clang -O2 -g -target bpf -c trace.bpf.c
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct exec {
	__u32 tgid;
	char comm[16];
	char path[108];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 262144);
} execs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct sys_enter {
	__u64 common;
	__s64 number;
	__u64 args[6];
};

SEC("tp/syscalls/sys_enter_execve") int on_execve(struct sys_enter *call)
{
	struct exec *event = bpf_ringbuf_reserve(&execs, sizeof(*event), 0);

	if (!event)
		return 0;
	event->tgid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	if (bpf_probe_read_user_str(event->path, sizeof(event->path), (void *)call->args[0]) < 0)
		event->path[0] = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

// Counts calls by process: of a system call, or of any function it is attached to.
static __always_inline int count(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u64 one = 1, *calls = bpf_map_lookup_elem(&counts, &tgid);

	if (calls)
		__sync_fetch_and_add(calls, 1);
	else
		bpf_map_update_elem(&counts, &tgid, &one, BPF_ANY);
	return 0;
}

SEC("tp/syscalls/sys_enter_getpgid") int count_call(void *call)
{
	return count();
}

SEC("uprobe") int count_function(void *registers)
{
	return count();
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

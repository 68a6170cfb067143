// SPDX-License-Identifier: Apache-2.0
// Attaching programs. A link lives on its own: it outlives the object's handle and ends with ws_close().
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include "object.h"

struct attempt {
	struct ws_object *object;
	struct bpf_program *program;
};

static int begin(struct attempt *attempt, int handle, uint32_t index)
{
	attempt->object = ws_handle_pin(handle, WS_OBJECT, "attach a program");
	if (!attempt->object)
		return -EBADF;
	ws_log_clear();
	attempt->program = ws_program_at(attempt->object, index);
	if (attempt->program && attempt->object->loaded)
		return 0;
	int result = attempt->program
		? ws_fail(EINVAL, "attach the program %s: load its object first", bpf_program__name(attempt->program))
		: -ENOENT;
	ws_handle_unpin(handle);
	return result;
}

static int finish(struct attempt *attempt, int handle, struct bpf_link *link, const char *where)
{
	int result;
	if (link)
		result = ws_handle_new(WS_LINK, link);
	else
		result = ws_fail(errno, "attach the program %s to %s", bpf_program__name(attempt->program), where);
	ws_handle_unpin(handle);
	return result;
}

WS_API int32_t ws_attach_tracepoint(int32_t handle, uint32_t index, const char *category, const char *name)
{
	WS_NEEDS(category && name, "attach a program");
	struct attempt attempt;
	int result = begin(&attempt, handle, index);
	if (result)
		return result;
	char where[192];
	snprintf(where, sizeof(where), "the tracepoint %s:%s", category, name);
	return finish(&attempt, handle, bpf_program__attach_tracepoint(attempt.program, category, name), where);
}

WS_API int32_t ws_attach_raw_tracepoint(int32_t handle, uint32_t index, const char *name)
{
	WS_NEEDS(name, "attach a program");
	struct attempt attempt;
	int result = begin(&attempt, handle, index);
	if (result)
		return result;
	char where[192];
	snprintf(where, sizeof(where), "the raw tracepoint %s", name);
	return finish(&attempt, handle, bpf_program__attach_raw_tracepoint(attempt.program, name), where);
}

// symbol NULL: `offset` is an offset in the file; else it counts from the symbol. pid -1: every process.
WS_API int32_t ws_attach_uprobe(int32_t handle, uint32_t index, uint32_t at_return, int32_t pid, const char *path, uint64_t offset,
				const char *symbol, uint64_t cookie)
{
	WS_NEEDS(path, "attach a program");
	struct attempt attempt;
	int result = begin(&attempt, handle, index);
	if (result)
		return result;
	char where[320];
	snprintf(where, sizeof(where), "%s %s%s0x%llx in %s", at_return ? "the return of" : "the entry of", symbol ? symbol : "offset ",
		 symbol ? "+" : "", (unsigned long long)offset, path);
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = at_return != 0, .func_name = symbol, .bpf_cookie = cookie);
	return finish(&attempt, handle, bpf_program__attach_uprobe_opts(attempt.program, pid, path, offset, &options), where);
}

// The part of union bpf_attr that makes a link of many uprobes (Linux 6.6).
struct uprobe_multi_attr {
	uint32_t prog_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t flags;
	uint64_t path;
	uint64_t offsets;
	uint64_t ref_ctr_offsets;
	uint64_t cookies;
	uint32_t count;
	uint32_t uprobe_flags;
	uint32_t pid;
	uint32_t reserved;
};

#define UPROBE_MULTI_RETURN 1

// One link for many places of a file, detached at once. pid -1: every process.
WS_API int32_t ws_attach_uprobes(int32_t handle, uint32_t index, uint32_t at_return, int32_t pid, const char *path,
				 const uint64_t *offsets, const uint64_t *cookies, uint32_t count)
{
	WS_NEEDS(path && offsets && cookies, "attach a program");
	struct attempt attempt;
	int result = begin(&attempt, handle, index);
	if (result)
		return result;
	struct uprobe_multi_attr attr = {
		.prog_fd = (uint32_t)bpf_program__fd(attempt.program),
		.attach_type = WS_TRACE_UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offsets,
		.cookies = (uintptr_t)cookies,
		.count = count,
		.uprobe_flags = at_return ? UPROBE_MULTI_RETURN : 0,
		.pid = pid > 0 ? (uint32_t)pid : 0,
	};
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	result = fd >= 0 ? ws_handle_new(WS_LINK_FD, (void *)(intptr_t)fd)
			 : ws_fail(errno, "attach the program %s to %u places in %s", bpf_program__name(attempt.program), count, path);
	ws_handle_unpin(handle);
	return result;
}

// A function of the kernel.
WS_API int32_t ws_attach_kprobe(int32_t handle, uint32_t index, uint32_t at_return, const char *function, uint32_t offset)
{
	WS_NEEDS(function, "attach a program");
	struct attempt attempt;
	int result = begin(&attempt, handle, index);
	if (result)
		return result;
	char where[192];
	snprintf(where, sizeof(where), "%s %s+0x%x", at_return ? "the return of" : "the entry of", function, offset);
	LIBBPF_OPTS(bpf_kprobe_opts, options, .retprobe = at_return != 0, .offset = offset);
	return finish(&attempt, handle, bpf_program__attach_kprobe_opts(attempt.program, function, &options), where);
}

// XDP: all packets that a network interface receives.
WS_API int32_t ws_attach_xdp(int32_t handle, uint32_t index, int32_t interface)
{
	struct attempt attempt;
	int result = begin(&attempt, handle, index);
	if (result)
		return result;
	char where[64];
	snprintf(where, sizeof(where), "the network interface %d", interface);
	return finish(&attempt, handle, bpf_program__attach_xdp(attempt.program, interface), where);
}

WS_API int32_t ws_attach_cgroup(int32_t handle, uint32_t index, const char *path)
{
	WS_NEEDS(path, "attach a program");
	struct attempt attempt;
	int result = begin(&attempt, handle, index);
	if (result)
		return result;
	char where[320];
	snprintf(where, sizeof(where), "the cgroup %s", path);
	int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct bpf_link *link = cgroup < 0 ? NULL : bpf_program__attach_cgroup(attempt.program, cgroup);
	result = finish(&attempt, handle, link, where);
	if (cgroup >= 0)
		close(cgroup);
	return result;
}

// Where the program's own SEC("...") says.
WS_API int32_t ws_attach_section(int32_t handle, uint32_t index)
{
	struct attempt attempt;
	int result = begin(&attempt, handle, index);
	if (result)
		return result;
	return finish(&attempt, handle, bpf_program__attach(attempt.program), bpf_program__section_name(attempt.program));
}

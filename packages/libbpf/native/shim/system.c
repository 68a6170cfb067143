// SPDX-License-Identifier: Apache-2.0
// What the machine offers: tracefs and the kernel's features.
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "ws.h"

#define TRACEFS_MAGIC 0x74726163

static int is_tracefs(const char *path)
{
	struct statfs info;
	return statfs(path, &info) == 0 && (uint32_t)info.f_type == TRACEFS_MAGIC;
}

// Whether it may be entered. Not by access(2), which asks for the real user and leaves out the capabilities of one who is not root.
static int can_enter(const char *tracefs)
{
	char inside[64];
	struct statfs info;
	snprintf(inside, sizeof(inside), "%s/events", tracefs);
	return statfs(inside, &info) == 0;
}

// Writes where tracefs is mounted and returns the length; mounts it when it is missing and `may_mount` is set.
WS_API int32_t ws_tracefs(uint32_t may_mount, void *buffer, uint32_t capacity)
{
	WS_NEEDS(buffer, "find tracefs");
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < 2; i++)
			if (is_tracefs(places[i]) && can_enter(places[i])) {
				uint32_t length = (uint32_t)strlen(places[i]);
				memcpy(buffer, places[i], length < capacity ? length : capacity);
				return (int32_t)length;
			}
		if (is_tracefs(places[0]))
			return ws_fail(EACCES, "enter %s", places[0]);
		if (!may_mount)
			return ws_fail(ENOENT, "find tracefs: it is mounted neither at %s nor at %s", places[0], places[1]);
		if (round == 0 && mount("tracefs", places[0], "tracefs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
			return ws_fail(errno, "mount tracefs at %s", places[0]);
	}
	return ws_fail(ENOENT, "find tracefs after it was mounted at %s", places[0]);
}

// 1 yes, 0 no, negative errno: could not be found out (-EPERM: not permitted).
// what: 1 kernel BTF, 2 bpf() permitted, 3 ring buffers, 4 tracepoint programs, 5 kprobe/uprobe programs, 6 perf event arrays.
WS_API int32_t ws_probe(uint32_t what)
{
	int fd;
	ws_log_clear();
	switch (what) {
	case 1:
		return access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? 1 : errno == ENOENT ? 0 : ws_fail(errno, "read /sys/kernel/btf/vmlinux");
	case 2:
		fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "ws_probe", 4, 4, 1, NULL);
		if (fd < 0)
			return ws_fail(-fd, "create a map");
		close(fd);
		return 1;
	case 3: return libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL);
	case 4: return libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_TRACEPOINT, NULL);
	case 5: return libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_KPROBE, NULL);
	case 6: return libbpf_probe_bpf_map_type(BPF_MAP_TYPE_PERF_EVENT_ARRAY, NULL);
	}
	return ws_fail(EINVAL, "probe feature %u: there is no such number", what);
}

// 1 yes, 0 no, negative errno. kind: 1 program type, 2 map type. (What libbpf says of helpers is wrong where the verifier's
// words have changed: they are not asked for.)
WS_API int32_t ws_probe_type(uint32_t kind, uint32_t type)
{
	int result;
	ws_log_clear();
	if (kind != 1 && kind != 2)
		return ws_fail(EINVAL, "probe kind %u: there is no such number", kind);
	result = kind == 1 ? libbpf_probe_bpf_prog_type(type, NULL) : libbpf_probe_bpf_map_type(type, NULL);
	return result >= 0 ? result : ws_fail(-result, "probe type %u", type);
}

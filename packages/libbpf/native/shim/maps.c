// SPDX-License-Identifier: Apache-2.0
// Maps by file descriptor. Per-CPU maps move values of round_up(value_size, 8) * ws_cpus() bytes.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "ws.h"

// libbpf 1.x returns -errno from each of these; a missing key is an ordinary answer and gets no sentence of its own cost.
WS_API int32_t ws_map_lookup(int32_t fd, const void *key, void *value)
{
	return bpf_map_lookup_elem(fd, key, value);
}

WS_API int32_t ws_map_update(int32_t fd, const void *key, const void *value, uint32_t flags)
{
	return bpf_map_update_elem(fd, key, value, flags);
}

WS_API int32_t ws_map_delete(int32_t fd, const void *key)
{
	return bpf_map_delete_elem(fd, key);
}

WS_API int32_t ws_map_take(int32_t fd, const void *key, void *value)
{
	return bpf_map_lookup_and_delete_elem(fd, key, value);
}

// key NULL: the first key.
WS_API int32_t ws_map_next_key(int32_t fd, const void *key, void *next)
{
	return bpf_map_get_next_key(fd, key, next);
}

// in NULL: from the start. out: where to go on (at least 4 bytes, or key_size). count: room on entry, entries on return (also with -ENOENT, the end).
WS_API int32_t ws_map_lookup_batch(int32_t fd, const void *in, void *out, void *keys, void *values, uint32_t *count)
{
	WS_NEEDS(count, "move a batch of a map");
	return bpf_map_lookup_batch(fd, (void *)in, out, keys, values, count, NULL);
}

WS_API int32_t ws_map_take_batch(int32_t fd, const void *in, void *out, void *keys, void *values, uint32_t *count)
{
	WS_NEEDS(count, "move a batch of a map");
	return bpf_map_lookup_and_delete_batch(fd, (void *)in, out, keys, values, count, NULL);
}

WS_API int32_t ws_map_update_batch(int32_t fd, const void *keys, const void *values, uint32_t *count)
{
	WS_NEEDS(count, "move a batch of a map");
	return bpf_map_update_batch(fd, keys, values, count, NULL);
}

WS_API int32_t ws_map_delete_batch(int32_t fd, const void *keys, uint32_t *count)
{
	WS_NEEDS(count, "move a batch of a map");
	return bpf_map_delete_batch(fd, keys, count, NULL);
}

// inner_fd: the template of a map of maps, or -1.
WS_API int32_t ws_map_create(uint32_t type, const char *name, uint32_t key_size, uint32_t value_size, uint32_t max_entries,
			     uint32_t flags, int32_t inner_fd)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
	if (inner_fd >= 0)
		options.inner_map_fd = (uint32_t)inner_fd;
	int fd = bpf_map_create(type, name, key_size, value_size, max_entries, &options);
	return fd >= 0 ? fd : ws_fail(-fd, "create the map %s", name);
}

// out: u64 type, key_size, value_size, max_entries, flags, id; then name[16].
WS_API int32_t ws_map_info(int32_t fd, void *out)
{
	WS_NEEDS(out, "describe a map");
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int result = bpf_obj_get_info_by_fd(fd, &info, &size);
	if (result)
		return ws_fail(-result, "describe the map behind fd %d", fd);
	uint64_t numbers[6] = { info.type, info.key_size, info.value_size, info.max_entries, info.map_flags, info.id };
	memcpy(out, numbers, sizeof(numbers));
	memcpy((char *)out + sizeof(numbers), info.name, 16);
	return 0;
}

// A map of maps hands out ids of its inner maps; this gives an fd of one.
WS_API int32_t ws_map_fd_by_id(uint32_t id)
{
	int fd = bpf_map_get_fd_by_id(id);
	return fd >= 0 ? fd : ws_fail(-fd, "open the map with id %u", id);
}

// out: u64 type, id, run_time_ns, run_cnt, recursion_misses, verified_insns, xlated_len, jited_len; then name[16].
WS_API int32_t ws_program_info(int32_t fd, void *out)
{
	WS_NEEDS(out, "describe a program");
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int result = bpf_obj_get_info_by_fd(fd, &info, &size);
	if (result)
		return ws_fail(-result, "describe the program behind fd %d", fd);
	uint64_t numbers[8] = {
		info.type, info.id, info.run_time_ns, info.run_cnt, info.recursion_misses, info.verified_insns,
		info.xlated_prog_len, info.jited_prog_len,
	};
	memcpy(out, numbers, sizeof(numbers));
	memcpy((char *)out + sizeof(numbers), info.name, 16);
	return 0;
}

// The kernel counts run time and run count of programs while this fd is open.
WS_API int32_t ws_stats_enable(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	return fd >= 0 ? fd : ws_fail(-fd, "switch run statistics on");
}

WS_API int32_t ws_fd_dup(int32_t fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return copy >= 0 ? copy : ws_fail(errno, "duplicate fd %d", fd);
}

WS_API int32_t ws_fd_close(int32_t fd)
{
	return close(fd) == 0 ? 0 : ws_fail(errno, "close fd %d", fd);
}

WS_API int32_t ws_cpus(void)
{
	return libbpf_num_possible_cpus();
}

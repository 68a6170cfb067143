// SPDX-License-Identifier: Apache-2.0
// The functions of the flat ABI, as native.ts calls them.
#pragma once
#include <stdint.h>

int32_t ws_attach_tracepoint(int32_t handle, uint32_t index, const char *category, const char *name);
int32_t ws_attach_raw_tracepoint(int32_t handle, uint32_t index, const char *name);
int32_t ws_attach_uprobe(int32_t handle, uint32_t index, uint32_t at_return, int32_t pid, const char *path, uint64_t offset,
				const char *symbol, uint64_t cookie);
int32_t ws_attach_uprobes(int32_t handle, uint32_t index, uint32_t at_return, int32_t pid, const char *path,
			  const uint64_t *offsets, const uint64_t *cookies, uint32_t count);
int32_t ws_object_program_many_uprobes(int32_t handle, uint32_t index);
int32_t ws_attach_kprobe(int32_t handle, uint32_t index, uint32_t at_return, const char *function, uint32_t offset);
int32_t ws_attach_xdp(int32_t handle, uint32_t index, int32_t interface);
int32_t ws_attach_cgroup(int32_t handle, uint32_t index, const char *path);
int32_t ws_link_pin(int32_t handle, const char *path);
int32_t ws_link_iterate(int32_t handle);
int32_t ws_fd_read(int32_t fd, void *buffer, uint32_t capacity);
int32_t ws_fd_pin(int32_t fd, const char *path);
int32_t ws_fd_pinned(const char *path);
int32_t ws_program_run(int32_t fd, const void *data, uint32_t data_size, void *data_out, uint32_t data_capacity,
			      void *context, uint32_t context_size, uint32_t repeat, void *out);
int32_t ws_probe_type(uint32_t kind, uint32_t type);
int32_t ws_attach_section(int32_t handle, uint32_t index);
int32_t ws_error(void *buffer, uint32_t capacity);
int32_t ws_log(void *buffer, uint32_t capacity);
int32_t ws_errno_name(int32_t error, void *buffer, uint32_t capacity);
int32_t ws_errno_text(int32_t error, void *buffer, uint32_t capacity);
int32_t ws_global_get(int32_t handle, const char *name, void *buffer, uint32_t capacity);
int32_t ws_global_set(int32_t handle, const char *name, const void *bytes, uint32_t size);
int32_t ws_close(int32_t handle);
int32_t ws_handle_count(void);
int32_t ws_abi(void);
int32_t ws_map_lookup(int32_t fd, const void *key, void *value);
int32_t ws_map_update(int32_t fd, const void *key, const void *value, uint32_t flags);
int32_t ws_map_delete(int32_t fd, const void *key);
int32_t ws_map_take(int32_t fd, const void *key, void *value);
int32_t ws_map_next_key(int32_t fd, const void *key, void *next);
int32_t ws_map_lookup_batch(int32_t fd, const void *in, void *out, void *keys, void *values, uint32_t *count);
int32_t ws_map_take_batch(int32_t fd, const void *in, void *out, void *keys, void *values, uint32_t *count);
int32_t ws_map_update_batch(int32_t fd, const void *keys, const void *values, uint32_t *count);
int32_t ws_map_delete_batch(int32_t fd, const void *keys, uint32_t *count);
int32_t ws_map_create(uint32_t type, const char *name, uint32_t key_size, uint32_t value_size, uint32_t max_entries,
			     uint32_t flags, int32_t inner_fd);
int32_t ws_map_info(int32_t fd, void *out);
int32_t ws_map_fd_by_id(uint32_t id);
int32_t ws_program_info(int32_t fd, void *out);
int32_t ws_stats_enable(void);
int32_t ws_fd_dup(int32_t fd);
int32_t ws_fd_close(int32_t fd);
int32_t ws_cpus(void);
int32_t ws_object_open_file(const char *path);
int32_t ws_object_open_memory(const void *bytes, uint32_t size, const char *name);
int32_t ws_object_load(int32_t handle);
int32_t ws_object_map(int32_t handle, uint32_t index, void *out);
int32_t ws_object_program(int32_t handle, uint32_t index, void *out);
int32_t ws_object_map_set(int32_t handle, uint32_t index, uint32_t what, uint32_t value);
int32_t ws_object_program_autoload(int32_t handle, uint32_t index, uint32_t on);
int32_t ws_perf_open(int32_t map_fd, uint32_t pages, uint32_t wakeup_events);
int32_t ws_perf_drain(int32_t handle, void *memory, uint32_t capacity);
int64_t ws_perf_lost(int32_t handle);
int32_t ws_perf_available(int32_t handle);
int32_t ws_perf_wait(int32_t handle, int32_t timeout_ms);
int32_t ws_ring_open(int32_t map_fd);
int32_t ws_ring_drain(int32_t handle, void *buffer, uint32_t capacity);
int32_t ws_ring_available(int32_t handle);
int32_t ws_ring_capacity(int32_t handle);
int32_t ws_ring_wait(int32_t handle, int32_t timeout_ms);
int32_t ws_tracefs(uint32_t may_mount, void *buffer, uint32_t capacity);
int32_t ws_probe(uint32_t what);

// SPDX-License-Identifier: Apache-2.0
//
// The shim under AddressSanitizer: every function is called wrongly, in all the ways a caller can, and has to say no. Buffers are
// of exactly the declared size, on the heap, so that one byte too many is found. sanitizer.test.ts beside its folder builds and runs it.
//
//   abuse OBJECT    a BPF object of ours, for what needs one
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ws.h"
#include "abuse.h"

static int checks;

#define REFUSED(call)                                                                                                  \
	do {                                                                                                           \
		long long result_ = (call);                                                                            \
		checks++;                                                                                              \
		if (result_ >= 0) {                                                                                    \
			fprintf(stderr, "%s:%d: %s gave %lld\n", __FILE__, __LINE__, #call, result_);                  \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

static void bad_handle(int32_t handle)
{
	void *out = malloc(4096);

	REFUSED(ws_close(handle));
	REFUSED(ws_object_load(handle));
	REFUSED(ws_object_map(handle, 0, out));
	REFUSED(ws_object_program(handle, 0, out));
	REFUSED(ws_object_map_set(handle, 0, 0, 1));
	REFUSED(ws_object_program_autoload(handle, 0, 1));
	REFUSED(ws_global_get(handle, "x", out, 8));
	REFUSED(ws_global_set(handle, "x", out, 8));
	REFUSED(ws_attach_tracepoint(handle, 0, "syscalls", "sys_enter_read"));
	REFUSED(ws_attach_raw_tracepoint(handle, 0, "sys_enter"));
	REFUSED(ws_attach_uprobe(handle, 0, 0, -1, "/bin/true", 8, NULL, 0));
	REFUSED(ws_attach_uprobes(handle, 0, 0, -1, "/bin/true", out, out, 1));
	REFUSED(ws_object_program_many_uprobes(handle, 0));
	REFUSED(ws_attach_kprobe(handle, 0, 0, "nosuch", 0));
	REFUSED(ws_attach_xdp(handle, 0, 1));
	REFUSED(ws_attach_cgroup(handle, 0, "/nowhere"));
	REFUSED(ws_attach_section(handle, 0));
	REFUSED(ws_link_pin(handle, "/nowhere"));
	REFUSED(ws_link_iterate(handle));
	REFUSED(ws_ring_drain(handle, out, 4096));
	REFUSED(ws_ring_available(handle));
	REFUSED(ws_ring_capacity(handle));
	REFUSED(ws_ring_wait(handle, 0));
	REFUSED(ws_perf_drain(handle, out, 4096));
	REFUSED(ws_perf_lost(handle));
	REFUSED(ws_perf_available(handle));
	REFUSED(ws_perf_wait(handle, 0));
	free(out);
}

static void bad_fd(int32_t fd)
{
	char *key = calloc(1, 8), *value = calloc(1, 64), *info = malloc(4096);
	uint32_t count = 1;

	REFUSED(ws_map_lookup(fd, key, value));
	REFUSED(ws_map_update(fd, key, value, 0));
	REFUSED(ws_map_delete(fd, key));
	REFUSED(ws_map_take(fd, key, value));
	REFUSED(ws_map_next_key(fd, NULL, key));
	REFUSED(ws_map_lookup_batch(fd, NULL, key, key, value, &count));
	REFUSED(ws_map_take_batch(fd, NULL, key, key, value, &count));
	REFUSED(ws_map_update_batch(fd, key, value, &count));
	REFUSED(ws_map_delete_batch(fd, key, &count));
	REFUSED(ws_map_info(fd, info));
	REFUSED(ws_program_info(fd, info));
	REFUSED(ws_program_run(fd, key, 8, value, 64, key, 8, 1, info));
	REFUSED(ws_fd_read(fd, value, 64));
	REFUSED(ws_fd_pin(fd, "/nowhere"));
	REFUSED(ws_ring_open(fd));
	REFUSED(ws_perf_open(fd, 1, 1));
	REFUSED(ws_fd_dup(fd));
	REFUSED(ws_fd_close(fd));
	free(key);
	free(value);
	free(info);
}

static void nulls(int32_t object)
{
	uint32_t count = 1;
	char key[8] = {0};

	REFUSED(ws_object_open_file(NULL));
	REFUSED(ws_object_open_memory(NULL, 100, "x"));
	REFUSED(ws_object_open_memory("short", 0, "x"));
	REFUSED(ws_object_map(object, 0, NULL));
	REFUSED(ws_object_program(object, 0, NULL));
	REFUSED(ws_global_get(object, NULL, key, 8));
	REFUSED(ws_global_set(object, NULL, key, 8));
	REFUSED(ws_global_set(object, "target_tgid", NULL, 4));
	REFUSED(ws_attach_tracepoint(object, 0, NULL, NULL));
	REFUSED(ws_attach_raw_tracepoint(object, 0, NULL));
	REFUSED(ws_attach_uprobe(object, 0, 0, -1, NULL, 0, NULL, 0));
	REFUSED(ws_attach_uprobes(object, 0, 0, -1, NULL, NULL, NULL, 1));
	REFUSED(ws_attach_uprobes(object, 0, 0, -1, "/bin/true", (uint64_t *)key, (uint64_t *)key, 0));
	REFUSED(ws_attach_kprobe(object, 0, 0, NULL, 0));
	REFUSED(ws_attach_cgroup(object, 0, NULL));
	REFUSED(ws_link_pin(object, NULL));
	REFUSED(ws_fd_pin(0, NULL));
	REFUSED(ws_fd_pinned(NULL));
	REFUSED(ws_fd_read(0, NULL, 8));
	REFUSED(ws_program_run(0, NULL, 8, NULL, 8, NULL, 8, 1, NULL));
	REFUSED(ws_program_run(-1, NULL, 8, NULL, 8, NULL, 8, 1, key));
	REFUSED(ws_probe_type(9, 1));
	REFUSED(ws_map_create(1, NULL, 0, 0, 0, 0, -1));
	REFUSED(ws_map_lookup(-1, NULL, NULL));
	REFUSED(ws_map_update(-1, NULL, NULL, 0));
	REFUSED(ws_map_info(-1, NULL));
	REFUSED(ws_map_update_batch(-1, NULL, NULL, &count));
	REFUSED(ws_map_update_batch(-1, NULL, NULL, NULL));
	REFUSED(ws_map_lookup_batch(-1, NULL, NULL, NULL, NULL, NULL));
	ws_error(NULL, 100);
	ws_log(NULL, 100);
	REFUSED(ws_object_map_set(object, 1000, 0, 1));
	REFUSED(ws_object_map(object, 1000, key));
	REFUSED(ws_object_program(object, 1000, key));
	REFUSED(ws_global_get(object, "no_such_variable", key, 8));
}

// Texts are cut to what fits.
static void texts(void)
{
	for (uint32_t size = 0; size < 64; size++) {
		char *buffer = malloc(size ? size : 1);

		memset(buffer, 'x', size ? size : 1);
		ws_close(-1);
		ws_error(buffer, size);
		ws_log(buffer, size);
		ws_errno_name(22, buffer, size);
		ws_errno_name(-22, buffer, size);
		ws_errno_text(1 << 30, buffer, size);
		ws_tracefs(0, buffer, size);
		free(buffer);
	}
}

// Cut and damaged objects: refused, or opened and closed again.
static void damaged(const char *bytes, size_t size)
{
	for (size_t cut = 0; cut < size; cut += size / 61 + 1) {
		char *part = malloc(cut ? cut : 1);

		memcpy(part, bytes, cut);
		REFUSED(ws_object_open_memory(part, cut, "cut"));
		free(part);
	}
	for (size_t at = 0; at < size; at += size / 211 + 1) {
		char *part = malloc(size);

		memcpy(part, bytes, size);
		part[at] ^= 0xff;
		int32_t handle = ws_object_open_memory(part, size, "damaged");
		free(part);
		if (handle > 0)
			ws_close(handle);
		checks++;
	}
}

struct shared {
	const char *bytes;
	size_t size;
};

// Several threads open, use and close the same few handles: whoever comes late is refused.
static void *racer(void *argument)
{
	const struct shared *shared = argument;
	char out[4096];

	for (int i = 0; i < 200; i++) {
		int32_t handle = ws_object_open_memory(shared->bytes, shared->size, "race");
		for (int32_t other = handle - 2; other <= handle + 2; other++) {
			ws_global_get(other, "target_tgid", out, 4);
			ws_object_map(other, 0, out);
		}
		ws_close(handle - 1);
		ws_close(handle);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
	static char bytes[1 << 20];
	pthread_t threads[3];

	if (!file)
		return 2;
	struct shared shared = {bytes, fread(bytes, 1, sizeof(bytes), file)};
	fclose(file);
	const int32_t handles[] = {0, -1, 1, 65535, 65536, 0x10000 + 63, 0x7fffffff, (int32_t)0x80000000};
	for (size_t i = 0; i < sizeof(handles) / sizeof(*handles); i++)
		bad_handle(handles[i]);
	bad_fd(-1);
	bad_fd(100000);
	int32_t object = ws_object_open_memory(bytes, shared.size, "probe");
	if (object <= 0)
		return 3;
	nulls(object);
	REFUSED(ws_ring_drain(object, bytes, 10));
	ws_close(object);
	bad_handle(object);
	texts();
	damaged(bytes, shared.size);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, racer, &shared);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	printf("%d refused, %d handles left\n", checks, ws_handle_count());
	return ws_handle_count() != 0;
}

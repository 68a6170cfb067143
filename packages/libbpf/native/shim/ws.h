// SPDX-License-Identifier: Apache-2.0
//
// The flat C ABI over libbpf. Everything a foreign function interface can carry: integers, pointers, buffers the caller owns.
// No callbacks, no structs by value, no ownership passed through a pointer.
//
//   handle   positive i32 = generation << 16 | slot, from one table for the whole process (any thread may use any handle)
//   return   0 or a count on success, a negative errno on failure; ws_error() then gives this thread's sentence,
//            ws_log() what libbpf itself printed on this thread since the last call that clears it
//   info     a function that describes something fills an array of u64 and one or two fixed text fields
#ifndef WS_H
#define WS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define WS_ABI 3
#define WS_API __attribute__((visibility("default")))

enum ws_kind { WS_FREE = 0, WS_OBJECT, WS_LINK, WS_LINK_FD, WS_RING, WS_PERF };

struct ws_object {
	struct bpf_object *obj;
	void *bytes; // libbpf may point into the ELF image it was given
	int loaded;
};

// handles.c
int ws_handle_new(enum ws_kind kind, void *value);
// Pins the handle's value: ws_close() from another thread waits for nothing, the last unpin frees.
void *ws_handle_pin(int handle, enum ws_kind kind, const char *action);
void ws_handle_unpin(int handle);

// errors.c
// Writes this thread's sentence "cannot <action>: <detail or strerror>" and returns -error.
int ws_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ws_log_clear(void);
// For what a caller has to give and did not: returns from the function with EFAULT.
#define WS_NEEDS(pointer, action)                                                                                      \
	do {                                                                                                           \
		if (!(pointer))                                                                                        \
			return ws_fail(EFAULT, "%s: no pointer was given", action);                                    \
	} while (0)

// Each kind's destructor.
void ws_object_free(struct ws_object *object);
void ws_link_free(void *link);
void ws_link_fd_free(void *fd);
void ws_ring_free(void *ring);
void ws_perf_free(void *perf);

static inline uint32_t ws_round_up8(uint32_t value)
{
	return (value + 7u) & ~7u;
}

#endif

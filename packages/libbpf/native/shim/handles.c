// SPDX-License-Identifier: Apache-2.0
// The handle table: slots with a generation, so that a handle that was closed is recognised and never means somebody else's object.
#include <pthread.h>
#include <stdlib.h>
#include "ws.h"

struct slot {
	void *value;
	uint32_t generation; // 1..32767, grows at each reuse
	uint16_t pins;
	uint8_t kind;
	uint8_t closing;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot *slots;
static uint32_t slot_count;

static void release(enum ws_kind kind, void *value)
{
	switch (kind) {
	case WS_OBJECT: ws_object_free(value); break;
	case WS_LINK: ws_link_free(value); break;
	case WS_LINK_FD: ws_link_fd_free(value); break;
	case WS_RING: ws_ring_free(value); break;
	case WS_PERF: ws_perf_free(value); break;
	case WS_FREE: break;
	}
}

int ws_handle_new(enum ws_kind kind, void *value)
{
	pthread_mutex_lock(&lock);
	uint32_t index = 0;
	while (index < slot_count && slots[index].kind != WS_FREE)
		index++;
	if (index == slot_count) {
		uint32_t grown = slot_count ? slot_count * 2 : 64;
		struct slot *bigger = grown <= 65536 ? realloc(slots, grown * sizeof(*slots)) : NULL;
		if (!bigger) {
			pthread_mutex_unlock(&lock);
			release(kind, value);
			return ws_fail(ENOMEM, "keep another handle (%u are open)", slot_count);
		}
		for (uint32_t i = slot_count; i < grown; i++)
			bigger[i] = (struct slot){0};
		slots = bigger;
		slot_count = grown;
	}
	struct slot *slot = &slots[index];
	slot->generation = slot->generation % 32767 + 1;
	slot->kind = kind;
	slot->value = value;
	slot->pins = 0;
	slot->closing = 0;
	int handle = (int)(slot->generation << 16 | index);
	pthread_mutex_unlock(&lock);
	return handle;
}

// With the lock held.
static struct slot *find(int handle)
{
	uint32_t index = (uint32_t)handle & 0xffff;
	if (handle <= 0 || index >= slot_count)
		return NULL;
	struct slot *slot = &slots[index];
	if (slot->kind == WS_FREE || slot->closing || slot->generation != (uint32_t)handle >> 16)
		return NULL;
	return slot;
}

void *ws_handle_pin(int handle, enum ws_kind kind, const char *action)
{
	void *value = NULL;
	pthread_mutex_lock(&lock);
	struct slot *slot = find(handle);
	if (slot && slot->kind == kind) {
		slot->pins++;
		value = slot->value;
	}
	pthread_mutex_unlock(&lock);
	if (!value)
		ws_fail(EBADF, "%s: handle %d is closed or of another kind", action, handle);
	return value;
}

// With the lock held: empties the slot and hands out what has to be released.
static void *take(struct slot *slot, enum ws_kind *kind)
{
	void *value = slot->value;
	*kind = slot->kind;
	slot->kind = WS_FREE;
	slot->value = NULL;
	return value;
}

void ws_handle_unpin(int handle)
{
	enum ws_kind kind = WS_FREE;
	void *value = NULL;
	pthread_mutex_lock(&lock);
	struct slot *slot = &slots[(uint32_t)handle & 0xffff];
	if (--slot->pins == 0 && slot->closing)
		value = take(slot, &kind);
	pthread_mutex_unlock(&lock);
	if (value)
		release(kind, value);
}

// Closes any handle. A call that is using it in another thread keeps it alive until that call returns.
WS_API int32_t ws_close(int32_t handle)
{
	enum ws_kind kind = WS_FREE;
	void *value = NULL;
	pthread_mutex_lock(&lock);
	struct slot *slot = find(handle);
	if (!slot) {
		pthread_mutex_unlock(&lock);
		return ws_fail(EBADF, "close handle %d: it is closed already", handle);
	}
	if (slot->pins)
		slot->closing = 1;
	else
		value = take(slot, &kind);
	pthread_mutex_unlock(&lock);
	if (value)
		release(kind, value);
	return 0;
}

// How many handles are open: tests look for leaks with it.
WS_API int32_t ws_handle_count(void)
{
	int32_t open = 0;
	pthread_mutex_lock(&lock);
	for (uint32_t i = 0; i < slot_count; i++)
		open += slots[i].kind != WS_FREE;
	pthread_mutex_unlock(&lock);
	return open;
}

WS_API int32_t ws_abi(void)
{
	return WS_ABI;
}

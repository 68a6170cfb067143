// SPDX-License-Identifier: Apache-2.0
// A ring buffer's own consumer: whole batches are copied into memory of the caller, one call for thousands of records.
//
//   consumer page (ours, read-write)   producer page (kernel's, read-only), then the data, mapped twice in a row:
//   | consumer_pos |                   | producer_pos | data ............ | the same data again ... |
//                                                         ^ consumer_pos & mask: a record never wraps for the reader
//
// A record that does not fit into what is left of the caller's memory stays in the ring for the next call.
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "batch.h"

struct ring {
	unsigned long *consumer_pos;
	unsigned long *producer_pos;
	uint8_t *data;
	uint64_t mask;
	size_t page_size;
	int fd;
	int busy; // one reader at a time
};

void ws_ring_free(void *value)
{
	struct ring *ring = value;
	if (ring->consumer_pos)
		munmap(ring->consumer_pos, ring->page_size);
	if (ring->producer_pos)
		munmap(ring->producer_pos, ring->page_size + 2 * (ring->mask + 1));
	close(ring->fd);
	free(ring);
}

static int map_ring(struct ring *ring)
{
	void *consumer = mmap(NULL, ring->page_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (consumer == MAP_FAILED)
		return errno;
	ring->consumer_pos = consumer;
	void *producer = mmap(NULL, ring->page_size + 2 * (ring->mask + 1), PROT_READ, MAP_SHARED, ring->fd, (off_t)ring->page_size);
	if (producer == MAP_FAILED)
		return errno;
	ring->producer_pos = producer;
	ring->data = (uint8_t *)producer + ring->page_size;
	return 0;
}

// The ring keeps its own duplicate of the fd.
WS_API int32_t ws_ring_open(int32_t map_fd)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int result = bpf_obj_get_info_by_fd(map_fd, &info, &size);
	if (result)
		return ws_fail(-result, "read the ring buffer behind fd %d", map_fd);
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return ws_fail(EINVAL, "read the map %s as a ring buffer: its type is %u, not RINGBUF (27)", info.name, info.type);
	struct ring *ring = calloc(1, sizeof(*ring));
	if (!ring)
		return ws_fail(ENOMEM, "read the ring buffer %s", info.name);
	ring->page_size = (size_t)sysconf(_SC_PAGESIZE);
	ring->mask = (uint64_t)info.max_entries - 1;
	ring->fd = fcntl(map_fd, F_DUPFD_CLOEXEC, 3);
	int error = ring->fd < 0 ? errno : map_ring(ring);
	if (error) {
		ws_ring_free(ring);
		return ws_fail(error, "map the ring buffer %s (%u bytes) into memory", info.name, info.max_entries);
	}
	return ws_handle_new(WS_RING, ring);
}

static int copy_records(struct ring *ring, struct batch *batch)
{
	unsigned long consumer = __atomic_load_n(ring->consumer_pos, __ATOMIC_RELAXED);
	unsigned long start = consumer;
	int result = 0;
	for (;;) {
		unsigned long producer = __atomic_load_n(ring->producer_pos, __ATOMIC_ACQUIRE);
		while (consumer < producer) {
			uint32_t *header = (uint32_t *)(ring->data + (consumer & ring->mask));
			uint32_t word = __atomic_load_n(header, __ATOMIC_ACQUIRE);
			if (word & BPF_RINGBUF_BUSY_BIT)
				goto done;
			uint32_t length = word & ~(uint32_t)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
			if (!(word & BPF_RINGBUF_DISCARD_BIT)) {
				if (!batch_fits(batch, length)) {
					if (!batch->used)
						result = ws_fail(ENOBUFS, "drain the ring: its next record has %u bytes and needs %u, the memory given has %u",
								 length, 8 + ws_round_up8(length), batch->capacity);
					goto done;
				}
				memcpy(batch_frame(batch, length, 0), (uint8_t *)header + BPF_RINGBUF_HDR_SZ, length);
			}
			consumer += ws_round_up8(length + BPF_RINGBUF_HDR_SZ);
		}
		if (consumer == start)
			break;
		// The kernel wakes a sleeping reader only when it sees that the reader has caught up. So say how far we are,
		// then look again: a record committed in between has woken nobody.
		__atomic_store_n(ring->consumer_pos, consumer, __ATOMIC_RELEASE);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		start = consumer;
		if (consumer == __atomic_load_n(ring->producer_pos, __ATOMIC_ACQUIRE))
			break;
	}
done:
	if (consumer != start)
		__atomic_store_n(ring->consumer_pos, consumer, __ATOMIC_RELEASE);
	return result;
}

// Returns the bytes written. 0: nothing there now.
WS_API int32_t ws_ring_drain(int32_t handle, void *buffer, uint32_t capacity)
{
	WS_NEEDS(buffer || !capacity, "drain the ring");
	struct ring *ring = ws_handle_pin(handle, WS_RING, "drain the ring");
	if (!ring)
		return -EBADF;
	struct batch batch = { buffer, capacity > 0x7ffffff8 ? 0x7ffffff8 : capacity, 0 };
	int result;
	if (__atomic_exchange_n(&ring->busy, 1, __ATOMIC_ACQUIRE)) {
		result = ws_fail(EBUSY, "drain the ring: another thread is draining it");
	} else {
		result = copy_records(ring, &batch);
		__atomic_store_n(&ring->busy, 0, __ATOMIC_RELEASE);
	}
	ws_handle_unpin(handle);
	return result ? result : (int32_t)batch.used;
}

static unsigned long unread(const struct ring *ring)
{
	return __atomic_load_n(ring->producer_pos, __ATOMIC_ACQUIRE) - __atomic_load_n(ring->consumer_pos, __ATOMIC_RELAXED);
}

// Bytes in the ring that were not read yet, headers and records in the making included.
WS_API int32_t ws_ring_available(int32_t handle)
{
	struct ring *ring = ws_handle_pin(handle, WS_RING, "measure the ring");
	if (!ring)
		return -EBADF;
	unsigned long bytes = unread(ring);
	ws_handle_unpin(handle);
	return bytes > 0x7fffffff ? 0x7fffffff : (int32_t)bytes;
}

WS_API int32_t ws_ring_capacity(int32_t handle)
{
	struct ring *ring = ws_handle_pin(handle, WS_RING, "measure the ring");
	if (!ring)
		return -EBADF;
	uint64_t bytes = ring->mask + 1;
	ws_handle_unpin(handle);
	return bytes > 0x7fffffff ? 0x7fffffff : (int32_t)bytes;
}

static int head_is_ready(const struct ring *ring)
{
	unsigned long consumer = __atomic_load_n(ring->consumer_pos, __ATOMIC_RELAXED);
	const uint32_t *header = (const uint32_t *)(ring->data + (consumer & ring->mask));
	return !(__atomic_load_n(header, __ATOMIC_ACQUIRE) & BPF_RINGBUF_BUSY_BIT);
}

// 1: something can be drained. 0: nothing within the time, or a signal.
WS_API int32_t ws_ring_wait(int32_t handle, int32_t timeout_ms)
{
	struct ring *ring = ws_handle_pin(handle, WS_RING, "wait for the ring");
	if (!ring)
		return -EBADF;
	struct pollfd descriptor = { .fd = ring->fd, .events = POLLIN };
	int ready = poll(&descriptor, 1, timeout_ms);
	int result = ready >= 0 || errno == EINTR ? ready > 0 : ws_fail(errno, "wait for the ring");
	// A producer that was interrupted between reserve and submit holds everybody up: poll says "readable" at once, again and
	// again. Give it a moment instead of letting the caller spin.
	if (result == 1 && unread(ring) && !head_is_ready(ring)) {
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
		result = head_is_ready(ring);
	}
	ws_handle_unpin(handle);
	return result;
}

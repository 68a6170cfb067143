// SPDX-License-Identifier: Apache-2.0
// Per-CPU perf buffers behind a PERF_EVENT_ARRAY map. Frames carry the CPU; between CPUs there is no order.
//
//   | metadata page: data_head (kernel), data_tail (ours) | data, a power of two of pages: records wrap |
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "batch.h"

struct cpu_buffer {
	struct perf_event_mmap_page *meta;
	uint8_t *data;
	uint64_t lost;
	int fd;
	uint32_t cpu;
};

struct perf {
	struct cpu_buffer *buffers;
	struct pollfd *descriptors;
	size_t data_size;
	size_t page_size;
	uint32_t count;
	uint32_t next; // where the next drain starts, so that a busy CPU does not starve the others
	int map_fd;
	int busy;
};

void ws_perf_free(void *value)
{
	struct perf *perf = value;
	for (uint32_t i = 0; i < perf->count; i++) {
		struct cpu_buffer *buffer = &perf->buffers[i];
		bpf_map_delete_elem(perf->map_fd, &buffer->cpu);
		if (buffer->meta)
			munmap(buffer->meta, perf->page_size + perf->data_size);
		close(buffer->fd);
	}
	if (perf->map_fd >= 0)
		close(perf->map_fd);
	free(perf->buffers);
	free(perf->descriptors);
	free(perf);
}

// 0, or an errno. ENODEV: the CPU is offline.
static int open_cpu(struct perf *perf, uint32_t cpu, uint32_t wakeup_events)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = wakeup_events,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attributes, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return errno;
	struct cpu_buffer *buffer = &perf->buffers[perf->count];
	*buffer = (struct cpu_buffer){ .fd = fd, .cpu = cpu };
	perf->descriptors[perf->count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	void *memory = mmap(NULL, perf->page_size + perf->data_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return errno;
	buffer->meta = memory;
	buffer->data = (uint8_t *)memory + perf->page_size;
	if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return errno;
	return -bpf_map_update_elem(perf->map_fd, &cpu, &fd, BPF_ANY);
}

static int open_all(struct perf *perf, int map_fd, uint32_t max_entries, uint32_t wakeup_events)
{
	int possible = libbpf_num_possible_cpus();
	if (possible < 0)
		return -possible;
	perf->map_fd = dup(map_fd);
	perf->buffers = calloc((size_t)possible, sizeof(*perf->buffers));
	perf->descriptors = calloc((size_t)possible, sizeof(*perf->descriptors));
	if (perf->map_fd < 0 || !perf->buffers || !perf->descriptors)
		return ENOMEM;
	for (uint32_t cpu = 0; cpu < (uint32_t)possible && cpu < max_entries; cpu++) {
		int error = open_cpu(perf, cpu, wakeup_events);
		if (error && error != ENODEV)
			return error;
	}
	return perf->count ? 0 : ENODEV;
}

// pages: per CPU, a power of two. wakeup_events: wake the reader after so many records.
WS_API int32_t ws_perf_open(int32_t map_fd, uint32_t pages, uint32_t wakeup_events)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int result = bpf_obj_get_info_by_fd(map_fd, &info, &size);
	if (result)
		return ws_fail(-result, "read the perf buffer behind fd %d", map_fd);
	if (info.type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return ws_fail(EINVAL, "read the map %s as a perf buffer: its type is %u, not PERF_EVENT_ARRAY (4)", info.name, info.type);
	if (!pages || (pages & (pages - 1)))
		return ws_fail(EINVAL, "open the perf buffer %s: its pages must be a power of two, received %u", info.name, pages);
	struct perf *perf = calloc(1, sizeof(*perf));
	if (!perf)
		return ws_fail(ENOMEM, "read the perf buffer %s", info.name);
	perf->map_fd = -1;
	perf->page_size = (size_t)sysconf(_SC_PAGESIZE);
	perf->data_size = perf->page_size * pages;
	int error = open_all(perf, map_fd, info.max_entries, wakeup_events ? wakeup_events : 1);
	if (error) {
		ws_perf_free(perf);
		return ws_fail(error, "open the perf buffer %s with %u pages for each CPU", info.name, pages);
	}
	return ws_handle_new(WS_PERF, perf);
}

static void copy_wrapped(const struct perf *perf, const struct cpu_buffer *buffer, uint64_t position, void *into, size_t length)
{
	size_t offset = position & (perf->data_size - 1);
	size_t first = perf->data_size - offset < length ? perf->data_size - offset : length;
	memcpy(into, buffer->data + offset, first);
	memcpy((uint8_t *)into + first, buffer->data, length - first);
}

// 0: this CPU is empty. 1: the batch is full. Negative: an error.
static int drain_cpu(const struct perf *perf, struct cpu_buffer *buffer, struct batch *batch)
{
	uint64_t head = __atomic_load_n(&buffer->meta->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = buffer->meta->data_tail;
	int result = 0;
	while (tail < head) {
		struct perf_event_header header;
		copy_wrapped(perf, buffer, tail, &header, sizeof(header));
		if (header.type == PERF_RECORD_SAMPLE) {
			uint32_t length;
			copy_wrapped(perf, buffer, tail + sizeof(header), &length, sizeof(length));
			if (!batch_fits(batch, length)) {
				result = batch->used ? 1
					: ws_fail(ENOBUFS, "drain the perf buffer: its next record has %u bytes and needs %u, the memory given has %u",
						  length, 8 + ws_round_up8(length), batch->capacity);
				break;
			}
			copy_wrapped(perf, buffer, tail + sizeof(header) + sizeof(length), batch_frame(batch, length, buffer->cpu), length);
		} else if (header.type == PERF_RECORD_LOST) {
			uint64_t lost;
			copy_wrapped(perf, buffer, tail + sizeof(header) + sizeof(uint64_t), &lost, sizeof(lost));
			__atomic_fetch_add(&buffer->lost, lost, __ATOMIC_RELAXED);
		}
		tail += header.size;
	}
	__atomic_store_n(&buffer->meta->data_tail, tail, __ATOMIC_RELEASE);
	return result;
}

// Returns the bytes written. 0: nothing there now.
WS_API int32_t ws_perf_drain(int32_t handle, void *memory, uint32_t capacity)
{
	struct perf *perf = ws_handle_pin(handle, WS_PERF, "drain the perf buffer");
	if (!perf)
		return -EBADF;
	struct batch batch = { memory, capacity > 0x7ffffff8 ? 0x7ffffff8 : capacity, 0 };
	int result = 0;
	if (__atomic_exchange_n(&perf->busy, 1, __ATOMIC_ACQUIRE)) {
		result = ws_fail(EBUSY, "drain the perf buffer: another thread is draining it");
	} else {
		for (uint32_t visited = 0; visited < perf->count && !result; visited++) {
			result = drain_cpu(perf, &perf->buffers[perf->next], &batch);
			if (!result)
				perf->next = (perf->next + 1) % perf->count;
		}
		__atomic_store_n(&perf->busy, 0, __ATOMIC_RELEASE);
	}
	ws_handle_unpin(handle);
	return result < 0 && !batch.used ? result : (int32_t)batch.used;
}

// Records the kernel had no room for since the buffer was opened, over all CPUs. Counted when the notice is drained.
WS_API int64_t ws_perf_lost(int32_t handle)
{
	struct perf *perf = ws_handle_pin(handle, WS_PERF, "count the perf buffer's losses");
	if (!perf)
		return -EBADF;
	uint64_t lost = 0;
	for (uint32_t i = 0; i < perf->count; i++)
		lost += __atomic_load_n(&perf->buffers[i].lost, __ATOMIC_RELAXED);
	ws_handle_unpin(handle);
	return (int64_t)lost;
}

WS_API int32_t ws_perf_available(int32_t handle)
{
	struct perf *perf = ws_handle_pin(handle, WS_PERF, "measure the perf buffer");
	if (!perf)
		return -EBADF;
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < perf->count; i++) {
		struct perf_event_mmap_page *meta = perf->buffers[i].meta;
		bytes += __atomic_load_n(&meta->data_head, __ATOMIC_ACQUIRE) - meta->data_tail;
	}
	ws_handle_unpin(handle);
	return bytes > 0x7fffffff ? 0x7fffffff : (int32_t)bytes;
}

// 1: something can be drained. 0: nothing within the time, or a signal.
WS_API int32_t ws_perf_wait(int32_t handle, int32_t timeout_ms)
{
	int bytes = ws_perf_available(handle);
	if (bytes)
		return bytes < 0 ? bytes : 1;
	struct perf *perf = ws_handle_pin(handle, WS_PERF, "wait for the perf buffer");
	if (!perf)
		return -EBADF;
	int ready = poll(perf->descriptors, perf->count, timeout_ms);
	int result = ready >= 0 || errno == EINTR ? ready > 0 : ws_fail(errno, "wait for the perf buffer");
	ws_handle_unpin(handle);
	return result;
}

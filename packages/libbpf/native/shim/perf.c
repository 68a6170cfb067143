// SPDX-License-Identifier: Apache-2.0
// Per-CPU perf buffers behind a PERF_EVENT_ARRAY map. Frames carry the CPU. Each CPU's buffer is in order; a drain merges them by
// the time the kernel stamps on every sample, so that what one thread did on two CPUs comes out as it happened.
//
//   | metadata page: data_head (kernel), data_tail (ours) | data, a power of two of pages: records wrap, in steps of 8 bytes |
//
// A drain takes what was stamped before it began. A record that is published too late for it comes after records with later stamps,
// but after none that it caused: those were stamped when it was in its buffer already. So cause comes before effect, on any CPUs.
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "batch.h"

#define NEVER UINT64_MAX

struct cpu_buffer {
	struct perf_event_mmap_page *meta;
	uint8_t *data;
	uint64_t lost;
	uint64_t head; // while draining: what the kernel had published,
	uint64_t tail; // where we are,
	uint64_t time; // and the stamp of the sample there; NEVER: nothing for this drain
	int fd;
	uint32_t cpu;
};

// What is sampled: a stamp, then the program's bytes.
struct sample {
	struct perf_event_header header;
	uint64_t time;
	uint32_t length;
} __attribute__((packed));

struct perf {
	struct cpu_buffer *buffers;
	struct pollfd *descriptors;
	size_t data_size;
	size_t page_size;
	uint32_t count;
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
		.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = wakeup_events,
		.use_clockid = 1, // the scheduler's clock, the default, differs between CPUs
		.clockid = CLOCK_MONOTONIC,
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
	perf->map_fd = fcntl(map_fd, F_DUPFD_CLOEXEC, 3);
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

// Finds this CPU's next sample, counting the kernel's notices of loss on the way.
static void look(const struct perf *perf, struct cpu_buffer *buffer, uint64_t limit)
{
	buffer->time = NEVER;
	while (buffer->tail < buffer->head) {
		struct { struct perf_event_header header; uint64_t words[2]; } record;
		copy_wrapped(perf, buffer, buffer->tail, &record, sizeof(record));
		if (record.header.type == PERF_RECORD_SAMPLE) {
			if (record.words[0] <= limit)
				buffer->time = record.words[0];
			return;
		}
		if (record.header.type == PERF_RECORD_LOST)
			__atomic_fetch_add(&buffer->lost, record.words[1], __ATOMIC_RELAXED);
		buffer->tail += record.header.size;
	}
}

// Moves this CPU's samples up to the stamp `until`. 0: done. 1: the batch is full. Negative: an error.
static int take(const struct perf *perf, struct cpu_buffer *buffer, struct batch *batch, uint64_t until, uint64_t limit)
{
	while (buffer->time != NEVER && buffer->time <= until) {
		struct sample sample;
		copy_wrapped(perf, buffer, buffer->tail, &sample, sizeof(sample));
		if (!batch_fits(batch, sample.length))
			return batch->used ? 1
				: ws_fail(ENOBUFS, "drain the perf buffer: its next record has %u bytes and needs %u, the memory given has %u",
					  sample.length, 8 + ws_round_up8(sample.length), batch->capacity);
		copy_wrapped(perf, buffer, buffer->tail + sizeof(sample), batch_frame(batch, sample.length, buffer->cpu), sample.length);
		buffer->tail += sample.header.size;
		look(perf, buffer, limit);
	}
	return 0;
}

// What happened before now, oldest first. The time is read before the heads: else an effect could be seen without its cause.
static int drain_all(struct perf *perf, struct batch *batch)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t limit = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	for (uint32_t i = 0; i < perf->count; i++) {
		struct cpu_buffer *buffer = &perf->buffers[i];
		buffer->head = __atomic_load_n(&buffer->meta->data_head, __ATOMIC_ACQUIRE);
		buffer->tail = buffer->meta->data_tail;
	}
	for (uint32_t i = 0; i < perf->count; i++)
		look(perf, &perf->buffers[i], limit);
	int result = 0;
	while (!result) {
		struct cpu_buffer *first = NULL;
		uint64_t until = NEVER - 1; // the oldest stamp of the others
		for (uint32_t i = 0; i < perf->count; i++) {
			struct cpu_buffer *buffer = &perf->buffers[i];
			if (buffer->time == NEVER)
				continue;
			if (!first || buffer->time < first->time) {
				if (first)
					until = first->time;
				first = buffer;
			} else if (buffer->time < until) {
				until = buffer->time;
			}
		}
		if (!first)
			break;
		result = take(perf, first, batch, until, limit);
	}
	for (uint32_t i = 0; i < perf->count; i++)
		__atomic_store_n(&perf->buffers[i].meta->data_tail, perf->buffers[i].tail, __ATOMIC_RELEASE);
	return result;
}

// Returns the bytes written. 0: nothing there now.
WS_API int32_t ws_perf_drain(int32_t handle, void *memory, uint32_t capacity)
{
	WS_NEEDS(memory || !capacity, "drain the perf buffer");
	struct perf *perf = ws_handle_pin(handle, WS_PERF, "drain the perf buffer");
	if (!perf)
		return -EBADF;
	struct batch batch = { memory, capacity > 0x7ffffff8 ? 0x7ffffff8 : capacity, 0 };
	int result = 0;
	if (__atomic_exchange_n(&perf->busy, 1, __ATOMIC_ACQUIRE)) {
		result = ws_fail(EBUSY, "drain the perf buffer: another thread is draining it");
	} else {
		result = drain_all(perf, &batch);
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

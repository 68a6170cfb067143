// SPDX-License-Identifier: Apache-2.0
//
// The least that a user of Wirescribe's programs can do: load them, drain the rings every 5 ms, count. It parses
// nothing and writes nothing while it runs, so its cost is the floor any agent on the same programs stands on.
//
//   consumer OBJECT [--rings N] [--ring-bytes N] [--seconds S] [--port P] [--role client|server] [--interval-ms N] [--print]
//
// Runs S seconds, or until SIGINT/SIGTERM, then prints one JSON line.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/btf.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_RINGS 64

struct options {
	const char *object;
	uint32_t rings, ring_bytes, port, role, interval_ms;
	double seconds;
	int print, verbose;
};

struct totals {
	uint64_t records, bytes, connections, operations, closes, requests, responses;
};

static volatile sig_atomic_t stopped;
static struct options options = {.rings = 1, .ring_bytes = 8 << 20, .interval_ms = 5, .seconds = 10};
static struct totals totals;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static uint32_t u32_at(const uint8_t *event, size_t offset)
{
	uint32_t value;

	memcpy(&value, event + offset, sizeof(value));
	return value;
}

static uint64_t u64_at(const uint8_t *event, size_t offset)
{
	uint64_t value;

	memcpy(&value, event + offset, sizeof(value));
	return value;
}

static void print_event(const uint8_t *event)
{
	printf("kind=%u syscall=%u dir=%u proto=%u flags=%u socket=%llu tgid=%u fd=%d", event[0], event[1], event[2],
	       event[3], u32_at(event, 4), (unsigned long long)u64_at(event, 8), u32_at(event, 32),
	       (int)u32_at(event, 36));
	if (event[0] == 1)
		printf(" family=%u role=%u cause=%u success=%u local=%u remote=%u errno=%u comm=%.16s", event[76],
		       event[77], event[78], event[79], u32_at(event, 72) & 0xffff, u32_at(event, 72) >> 16,
		       u32_at(event, 84), event + 88);
	if (event[0] == 2)
		printf(" id=%llu prev=%llu offset=%u bytes=%u captured=%u tail=%u message=%u role=%u %.24s",
		       (unsigned long long)u64_at(event, 40), (unsigned long long)u64_at(event, 48),
		       u32_at(event, 56), u32_at(event, 60), u32_at(event, 64), u32_at(event, 68) & 0xffff, event[88],
		       event[89], u32_at(event, 64) ? (const char *)event + 96 : "");
	if (event[0] == 3)
		printf(" cause=%u", event[40]);
	printf("\n");
}

static int on_event(void *context, void *data, size_t size)
{
	const uint8_t *event = data;

	(void)context;
	totals.records++;
	totals.bytes += size;
	if (event[0] == 1) {
		totals.connections++;
	} else if (event[0] == 2) {
		totals.operations++;
		totals.requests += event[88] == 1;
		totals.responses += event[88] == 2;
	} else if (event[0] == 3) {
		totals.closes++;
	}
	if (options.print)
		print_event(event);
	return 0;
}

static void fail(const char *what)
{
	fprintf(stderr, "consumer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void parse(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "0";

		if (!strcmp(argv[i], "--print"))
			options.print = 1;
		else if (!strcmp(argv[i], "--verbose"))
			options.verbose = 1;
		else if (!strcmp(argv[i], "--rings"))
			options.rings = atoi(value), i++;
		else if (!strcmp(argv[i], "--ring-bytes"))
			options.ring_bytes = atoi(value), i++;
		else if (!strcmp(argv[i], "--seconds"))
			options.seconds = atof(value), i++;
		else if (!strcmp(argv[i], "--port"))
			options.port = atoi(value), i++;
		else if (!strcmp(argv[i], "--role"))
			options.role = !strcmp(value, "client") ? 1 : !strcmp(value, "server") ? 2 : 0, i++;
		else if (!strcmp(argv[i], "--interval-ms"))
			options.interval_ms = atoi(value), i++;
		else
			options.object = argv[i];
	}
	if (!options.object || options.rings < 1 || options.rings > MAX_RINGS) {
		fprintf(stderr, "usage: consumer OBJECT [--rings 1..%d] [--ring-bytes N] [--seconds S] [--port P] [--role client|server] "
				"[--interval-ms N] [--print]\n", MAX_RINGS);
		exit(2);
	}
}

// Sets a `volatile u32` of a section of the object before it is loaded; 0: it is not there.
static int set_u32_in(struct bpf_object *object, const char *section, const char *name, uint32_t value)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, section);
	const struct btf *btf = bpf_object__btf(object);
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	size_t size;

	if (!map || id < 0)
		return 0;

	uint8_t *data = (uint8_t *)bpf_map__initial_value(map, &size);
	const struct btf_type *type = btf__type_by_id(btf, id);
	const struct btf_var_secinfo *variable = btf_var_secinfos(type);

	for (int i = 0; i < btf_vlen(type); i++, variable++) {
		const struct btf_type *named = btf__type_by_id(btf, variable->type);

		if (!strcmp(btf__name_by_offset(btf, named->name_off), name)) {
			memcpy(data + variable->offset, &value, sizeof(value));
			return 1;
		}
	}
	return 0;
}

// Constants, or what may change while the programs run.
static void set_u32(struct bpf_object *object, const char *name, uint32_t value)
{
	if (set_u32_in(object, ".rodata", name, value) || set_u32_in(object, ".bss", name, value) ||
	    set_u32_in(object, ".data", name, value))
		return;
	errno = ENOENT;
	fail(name);
}

static struct bpf_map *map_named(struct bpf_object *object, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (!map)
		fail(name);
	return map;
}

static struct ring_buffer *open_rings(struct bpf_object *object)
{
	int outer = bpf_map__fd(map_named(object, "rings"));
	struct ring_buffer *reader = NULL;

	for (uint32_t i = 0; i < options.rings; i++) {
		int ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "events", 0, 0, options.ring_bytes, NULL);

		if (ring < 0 || bpf_map_update_elem(outer, &i, &ring, BPF_ANY))
			fail("create ring");
		if (!reader)
			reader = ring_buffer__new(ring, on_event, NULL, NULL);
		else if (ring_buffer__add(reader, ring, on_event, NULL))
			fail("add ring");
		if (!reader)
			fail("read ring");
	}
	return reader;
}

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// `loaded`: CPU seconds spent before the first drain.
static void print_result(struct bpf_object *object, double seconds, double loaded)
{
	int cpus = libbpf_num_possible_cpus();
	struct bpf_map *map = map_named(object, "counters");
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_type *type = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
	const struct btf_member *member = btf_members(type);
	uint32_t words = bpf_map__value_size(map) / 8, zero = 0;
	uint64_t *values = calloc(cpus, words * 8);
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("{\"seconds\":%.3f,\"cpu_seconds\":%.6f,\"load_cpu_seconds\":%.6f,\"max_rss_kb\":%ld,\"records\":%llu,\"bytes\":%llu,"
	       "\"connections\":%llu,\"operations\":%llu,\"closes\":%llu,\"requests\":%llu,\"responses\":%llu",
	       seconds, cpu_seconds() - loaded, loaded, usage.ru_maxrss, (unsigned long long)totals.records, (unsigned long long)totals.bytes,
	       (unsigned long long)totals.connections, (unsigned long long)totals.operations,
	       (unsigned long long)totals.closes, (unsigned long long)totals.requests,
	       (unsigned long long)totals.responses);
	if (values && !bpf_map_lookup_elem(bpf_map__fd(map), &zero, values)) {
		printf(",\"kernel\":{");
		for (uint32_t i = 0; i < words; i++) {
			uint64_t sum = 0;

			for (int cpu = 0; cpu < cpus; cpu++)
				sum += values[cpu * words + i];
			printf("%s\"%s\":%llu", i ? "," : "", btf__name_by_offset(btf, member[i].name_off),
			       (unsigned long long)sum);
		}
		printf("}");
	}
	printf("}\n");
	free(values);
}

static int log_line(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_DEBUG && !options.verbose ? 0 : vfprintf(stderr, format, arguments);
}

// What the agent attaches by itself: not the start times of reads, no TLS library.
static int is_wanted(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	const char *entry = "tp/syscalls/sys_enter_";

	if (!strcmp(section, "uprobe"))
		return 0;
	if (strncmp(section, entry, strlen(entry)))
		return 1;
	section += strlen(entry);
	return strncmp(section, "read", 4) && strncmp(section, "recv", 4) && strncmp(section, "preadv", 6);
}

int main(int argc, char **argv)
{
	struct timespec interval;
	struct bpf_program *program;
	uint32_t one = 1, self = getpid();
	double start, loaded;

	parse(argc, argv);
	libbpf_set_print(log_line);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	struct bpf_object *object = bpf_object__open_file(options.object, NULL);
	if (!object)
		fail(options.object);
	set_u32(object, "setting_rings", options.rings);
	set_u32(object, "setting_wake_bytes", ~0u);
	set_u32(object, "setting_select_port", options.port != 0);
	set_u32(object, "setting_role", options.role);
	bpf_map__set_max_entries(map_named(object, "rings"), options.rings);
	bpf_map__set_max_entries(map_named(object, "scratches"), libbpf_num_possible_cpus());
	bpf_map__set_max_entries(map_named(object, "perf_events"), 1);
	if (bpf_object__load(object))
		fail("load");
	struct ring_buffer *reader = open_rings(object);
	bpf_map_update_elem(bpf_map__fd(map_named(object, "excluded_tgids")), &self, &one, BPF_ANY);
	if (options.port)
		bpf_map_update_elem(bpf_map__fd(map_named(object, "selected_ports")), &options.port, &one, BPF_ANY);
	bpf_object__for_each_program(program, object)
		if (is_wanted(program) && !bpf_program__attach(program))
			fail(bpf_program__name(program));
	fprintf(stderr, "consumer: attached\n");

	interval.tv_sec = options.interval_ms / 1000;
	interval.tv_nsec = options.interval_ms % 1000 * 1000000L;
	loaded = cpu_seconds();
	start = now_seconds();
	while (!stopped && now_seconds() - start < options.seconds) {
		nanosleep(&interval, NULL);
		ring_buffer__consume(reader);
	}
	ring_buffer__consume(reader);
	print_result(object, now_seconds() - start, loaded);
	ring_buffer__free(reader);
	bpf_object__close(object);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Objects: open, look around, configure, load. Maps and programs are named by their index in the object.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "object.h"

void ws_object_free(struct ws_object *object)
{
	bpf_object__close(object->obj);
	free(object->bytes);
	free(object);
}

static int keep(struct bpf_object *obj, void *bytes)
{
	struct ws_object *object = calloc(1, sizeof(*object));
	if (!object) {
		bpf_object__close(obj);
		free(bytes);
		return ws_fail(ENOMEM, "keep the object");
	}
	object->obj = obj;
	object->bytes = bytes;
	return ws_handle_new(WS_OBJECT, object);
}

WS_API int32_t ws_object_open_file(const char *path)
{
	WS_NEEDS(path, "open a BPF object");
	ws_log_clear();
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	if (!obj)
		return ws_fail(errno, "open the BPF object %s", path);
	return keep(obj, NULL);
}

WS_API int32_t ws_object_open_memory(const void *bytes, uint32_t size, const char *name)
{
	WS_NEEDS(bytes && name, "open a BPF object from memory");
	ws_log_clear();
	void *copy = malloc(size ? size : 1);
	if (!copy)
		return ws_fail(ENOMEM, "copy the BPF object %s (%u bytes)", name, size);
	memcpy(copy, bytes, size);
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name);
	struct bpf_object *obj = bpf_object__open_mem(copy, size, &options);
	if (!obj) {
		int error = errno;
		free(copy);
		return ws_fail(error, "open the BPF object %s from %u bytes of memory", name, size);
	}
	return keep(obj, copy);
}

// Puts the kernel's own memory in the place of the initial values, so that globals are shared from now on. libbpf does this for
// skeletons only; it unmaps the range itself on close. A kernel map that cannot be mapped keeps its copy of the initial values.
static int share_globals(struct bpf_object *obj)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct bpf_map *map;
	bpf_object__for_each_map(map, obj) {
		size_t size = 0;
		void *start = (void *)bpf_map__initial_value(map, &size);
		uint32_t flags = bpf_map__map_flags(map);
		if (!start || bpf_map__fd(map) < 0 || !(flags & BPF_F_MMAPABLE))
			continue;
		size_t whole = (((size + 7) & ~(size_t)7) * bpf_map__max_entries(map) + page - 1) & ~(page - 1);
		int protection = flags & BPF_F_RDONLY_PROG ? PROT_READ : PROT_READ | PROT_WRITE;
		if (mmap(start, whole, protection, MAP_SHARED | MAP_FIXED, bpf_map__fd(map), 0) == MAP_FAILED)
			return ws_fail(errno, "share the global variables in %s with the kernel", bpf_map__name(map));
	}
	return 0;
}

WS_API int32_t ws_object_load(int32_t handle)
{
	struct ws_object *object = ws_handle_pin(handle, WS_OBJECT, "load the BPF object");
	if (!object)
		return -EBADF;
	ws_log_clear();
	int result = bpf_object__load(object->obj);
	if (result)
		result = ws_fail(-result, "load the BPF object %s into the kernel", bpf_object__name(object->obj));
	else
		result = share_globals(object->obj);
	object->loaded |= !result;
	ws_handle_unpin(handle);
	return result;
}

struct bpf_map *ws_map_at(struct ws_object *object, uint32_t index)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object->obj)
		if (index-- == 0)
			return map;
	ws_fail(ENOENT, "find that map in the BPF object");
	return NULL;
}

struct bpf_program *ws_program_at(struct ws_object *object, uint32_t index)
{
	struct bpf_program *program;
	bpf_object__for_each_program(program, object->obj)
		if (index-- == 0)
			return program;
	ws_fail(ENOENT, "find that program in the BPF object");
	return NULL;
}

static void put_text(char *field, size_t size, const char *text)
{
	memset(field, 0, size);
	if (text)
		memcpy(field, text, strnlen(text, size - 1));
}

// out: u64 type, key_size, value_size, max_entries, flags, fd (-1 before load), autocreate, mmapable; then name[64].
WS_API int32_t ws_object_map(int32_t handle, uint32_t index, void *out)
{
	WS_NEEDS(out, "describe a map");
	struct ws_object *object = ws_handle_pin(handle, WS_OBJECT, "describe a map");
	if (!object)
		return -EBADF;
	struct bpf_map *map = ws_map_at(object, index);
	if (map) {
		uint64_t numbers[8] = {
			bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map), bpf_map__max_entries(map),
			bpf_map__map_flags(map), (uint64_t)(int64_t)bpf_map__fd(map), bpf_map__autocreate(map), bpf_map__is_internal(map),
		};
		memcpy(out, numbers, sizeof(numbers));
		put_text((char *)out + sizeof(numbers), 64, bpf_map__name(map));
	}
	ws_handle_unpin(handle);
	return map ? 0 : -ENOENT;
}

// out: u64 type, insns, fd (-1 before load), autoload; then name[128], section[128].
WS_API int32_t ws_object_program(int32_t handle, uint32_t index, void *out)
{
	WS_NEEDS(out, "describe a program");
	struct ws_object *object = ws_handle_pin(handle, WS_OBJECT, "describe a program");
	if (!object)
		return -EBADF;
	struct bpf_program *program = ws_program_at(object, index);
	if (program) {
		uint64_t numbers[4] = {
			bpf_program__type(program), bpf_program__insn_cnt(program), (uint64_t)(int64_t)bpf_program__fd(program),
			bpf_program__autoload(program),
		};
		memcpy(out, numbers, sizeof(numbers));
		put_text((char *)out + sizeof(numbers), 128, bpf_program__name(program));
		put_text((char *)out + sizeof(numbers) + 128, 128, bpf_program__section_name(program));
	}
	ws_handle_unpin(handle);
	return program ? 0 : -ENOENT;
}

// what: 1 max_entries, 2 autocreate, 3 reuse the map behind fd `value`, 4 template for inner maps = fd `value`, 5 value_size.
WS_API int32_t ws_object_map_set(int32_t handle, uint32_t index, uint32_t what, uint32_t value)
{
	struct ws_object *object = ws_handle_pin(handle, WS_OBJECT, "configure a map");
	if (!object)
		return -EBADF;
	ws_log_clear();
	struct bpf_map *map = ws_map_at(object, index);
	int result = map ? -EINVAL : -ENOENT;
	if (map && object->loaded) {
		result = ws_fail(EBUSY, "change the map %s: its object is loaded", bpf_map__name(map));
	} else if (map) {
		switch (what) {
		case 1: result = bpf_map__set_max_entries(map, value); break;
		case 2: result = bpf_map__set_autocreate(map, value != 0); break;
		case 3: result = bpf_map__reuse_fd(map, (int)value); break;
		case 4: result = bpf_map__set_inner_map_fd(map, (int)value); break;
		case 5: result = bpf_map__set_value_size(map, value); break;
		}
		if (result)
			ws_fail(-result, "configure the map %s (setting %u = %u)", bpf_map__name(map), what, value);
	}
	ws_handle_unpin(handle);
	return result;
}

// Before load: the program will be attached by ws_attach_uprobes() only. A kernel before 6.6 takes it and refuses to attach it.
WS_API int32_t ws_object_program_many_uprobes(int32_t handle, uint32_t index)
{
	struct ws_object *object = ws_handle_pin(handle, WS_OBJECT, "configure a program");
	if (!object)
		return -EBADF;
	struct bpf_program *program = ws_program_at(object, index);
	int result = program ? bpf_program__set_expected_attach_type(program, WS_TRACE_UPROBE_MULTI) : -ENOENT;
	if (program && result)
		ws_fail(-result, "prepare %s for many uprobes: its object is loaded", bpf_program__name(program));
	ws_handle_unpin(handle);
	return result;
}

WS_API int32_t ws_object_program_autoload(int32_t handle, uint32_t index, uint32_t on)
{
	struct ws_object *object = ws_handle_pin(handle, WS_OBJECT, "configure a program");
	if (!object)
		return -EBADF;
	struct bpf_program *program = ws_program_at(object, index);
	int result = program ? bpf_program__set_autoload(program, on != 0) : -ENOENT;
	if (program && result)
		ws_fail(-result, "set autoload of %s: its object is loaded", bpf_program__name(program));
	ws_handle_unpin(handle);
	return result;
}

// SPDX-License-Identifier: Apache-2.0
// Global variables by name: BTF says in which section a variable lives, where, and how large it is; libbpf holds the section's bytes.
// Before load the bytes are the initial values. After load .data and .bss are the kernel's own memory (mmap), .rodata is read-only.
#include <string.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "object.h"

struct global {
	uint8_t *bytes;
	uint32_t size;
	int read_only;
};

static int locate(struct ws_object *object, const char *name, struct global *out)
{
	const struct btf *btf = bpf_object__btf(object->obj);
	uint32_t count = btf ? btf__type_cnt(btf) : 0;
	for (uint32_t id = 1; id < count; id++) {
		const struct btf_type *section = btf__type_by_id(btf, id);
		if (!btf_is_datasec(section))
			continue;
		const char *section_name = btf__name_by_offset(btf, section->name_off);
		const struct btf_var_secinfo *variable = btf_var_secinfos(section);
		for (uint32_t i = 0; i < btf_vlen(section); i++, variable++) {
			const struct btf_type *type = btf__type_by_id(btf, variable->type);
			if (strcmp(btf__name_by_offset(btf, type->name_off), name) != 0)
				continue;
			struct bpf_map *map = bpf_object__find_map_by_name(object->obj, section_name);
			size_t size = 0;
			uint8_t *start = map ? (uint8_t *)bpf_map__initial_value(map, &size) : NULL;
			if (!start || (size_t)variable->offset + variable->size > size)
				continue; // a map or a kconfig extern: not data
			out->bytes = start + variable->offset;
			out->size = variable->size;
			out->read_only = object->loaded && strncmp(section_name, ".rodata", 7) == 0;
			return 0;
		}
	}
	return ws_fail(ENOENT, "find the global variable %s (a variable no program uses is dropped by the compiler)", name);
}

// Returns the variable's size; copies min(size, capacity) bytes.
WS_API int32_t ws_global_get(int32_t handle, const char *name, void *buffer, uint32_t capacity)
{
	WS_NEEDS(name && (buffer || !capacity), "read a global variable");
	struct ws_object *object = ws_handle_pin(handle, WS_OBJECT, "read a global variable");
	if (!object)
		return -EBADF;
	ws_log_clear();
	struct global global;
	int result = locate(object, name, &global);
	if (!result) {
		memcpy(buffer, global.bytes, global.size < capacity ? global.size : capacity);
		result = (int)global.size;
	}
	ws_handle_unpin(handle);
	return result;
}

WS_API int32_t ws_global_set(int32_t handle, const char *name, const void *bytes, uint32_t size)
{
	WS_NEEDS(name && bytes, "write a global variable");
	struct ws_object *object = ws_handle_pin(handle, WS_OBJECT, "write a global variable");
	if (!object)
		return -EBADF;
	ws_log_clear();
	struct global global;
	int result = locate(object, name, &global);
	if (!result && global.size != size)
		result = ws_fail(EINVAL, "write the global variable %s: it has %u bytes, not %u", name, global.size, size);
	else if (!result && global.read_only)
		result = ws_fail(EROFS, "write the global variable %s: it is const and the object is loaded", name);
	else if (!result)
		memcpy(global.bytes, bytes, size);
	ws_handle_unpin(handle);
	return result;
}

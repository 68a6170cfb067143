// SPDX-License-Identifier: Apache-2.0
// What can be done with an attached program, and with names in the BPF file system.
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "ws.h"

void ws_link_free(void *link)
{
	bpf_link__destroy(link);
}

// A link that libbpf knows nothing of is its descriptor.
void ws_link_fd_free(void *fd)
{
	close((int)(intptr_t)fd);
}

// Gives an attached program a name, under which it stays attached when this process has ended.
WS_API int32_t ws_link_pin(int32_t handle, const char *path)
{
	WS_NEEDS(path, "pin a link");
	struct bpf_link *link = ws_handle_pin(handle, WS_LINK, "pin a link");
	if (!link)
		return -EBADF;
	ws_log_clear();
	int result = bpf_link__pin(link, path);
	if (result)
		result = ws_fail(-result, "pin a link at %s", path);
	ws_handle_unpin(handle);
	return result;
}

// An fd from which the output of an iterator program is read, by ws_fd_read().
WS_API int32_t ws_link_iterate(int32_t handle)
{
	struct bpf_link *link = ws_handle_pin(handle, WS_LINK, "run an iterator");
	if (!link)
		return -EBADF;
	ws_log_clear();
	int fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		fd = ws_fail(-fd, "run an iterator: the link is of another kind of program");
	ws_handle_unpin(handle);
	return fd;
}

WS_API int32_t ws_fd_read(int32_t fd, void *buffer, uint32_t capacity)
{
	WS_NEEDS(buffer, "read");
	ssize_t length = read(fd, buffer, capacity);
	return length >= 0 ? (int32_t)length : ws_fail(errno, "read from fd %d", fd);
}

// Maps and programs by fd.
WS_API int32_t ws_fd_pin(int32_t fd, const char *path)
{
	WS_NEEDS(path, "pin");
	int result = bpf_obj_pin(fd, path);
	return result ? ws_fail(-result, "pin fd %d at %s", fd, path) : 0;
}

// The fd of what is pinned at a path.
WS_API int32_t ws_fd_pinned(const char *path)
{
	WS_NEEDS(path, "open a pin");
	int fd = bpf_obj_get(path);
	return fd >= 0 ? fd : ws_fail(-fd, "open what is pinned at %s", path);
}

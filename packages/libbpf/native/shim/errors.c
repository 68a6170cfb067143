// SPDX-License-Identifier: Apache-2.0
// Last sentence and libbpf's log, per thread. The log keeps its tail: the verifier's verdict stands at the end.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "ws.h"

#define LOG_SIZE 32768

static __thread char sentence[512];
static __thread char log_text[LOG_SIZE];
static __thread uint32_t log_length;

int ws_fail(int error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	return error > 0 ? -error : error;
}

void ws_log_clear(void)
{
	log_length = 0;
}

static void log_append(const char *text, size_t length)
{
	if (length >= LOG_SIZE) {
		text += length - LOG_SIZE;
		length = LOG_SIZE;
	}
	size_t keep = LOG_SIZE - length < log_length ? LOG_SIZE - length : log_length;
	memmove(log_text, log_text + log_length - keep, keep);
	memcpy(log_text + keep, text, length);
	log_length = (uint32_t)(keep + length);
}

static int print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	va_list again;
	va_copy(again, arguments);
	char small[1024];
	int length = vsnprintf(small, sizeof(small), format, arguments);
	if (length > 0 && (size_t)length < sizeof(small)) {
		log_append(small, (size_t)length);
	} else if (length > 0) {
		char *large = malloc((size_t)length + 1);
		if (large) {
			vsnprintf(large, (size_t)length + 1, format, again);
			log_append(large, (size_t)length);
			free(large);
		}
	}
	va_end(again);
	return length;
}

__attribute__((constructor)) static void catch_log(void)
{
	libbpf_set_print(print);
}

static int32_t copy_out(const char *text, size_t length, void *buffer, uint32_t capacity)
{
	if (length > capacity)
		length = capacity;
	if (!buffer)
		return 0;
	memcpy(buffer, text, length);
	return (int32_t)length;
}

WS_API int32_t ws_error(void *buffer, uint32_t capacity)
{
	return copy_out(sentence, strlen(sentence), buffer, capacity);
}

WS_API int32_t ws_log(void *buffer, uint32_t capacity)
{
	uint32_t skip = log_length > capacity ? log_length - capacity : 0;
	return copy_out(log_text + skip, log_length - skip, buffer, capacity);
}

// The errno's name ("EPERM"); glibc's strerrorname_np is too new for the floor of 2.28.
WS_API int32_t ws_errno_name(int32_t error, void *buffer, uint32_t capacity)
{
	static const struct { int number; const char *name; } names[] = {
#define NAME(e) { e, #e }
		NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR), NAME(EIO), NAME(ENXIO), NAME(E2BIG), NAME(ENOEXEC),
		NAME(EBADF), NAME(ECHILD), NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES), NAME(EFAULT), NAME(EBUSY), NAME(EEXIST),
		NAME(EXDEV), NAME(ENODEV), NAME(ENOTDIR), NAME(EISDIR), NAME(EINVAL), NAME(ENFILE), NAME(EMFILE), NAME(ENOTTY),
		NAME(ETXTBSY), NAME(EFBIG), NAME(ENOSPC), NAME(ESPIPE), NAME(EROFS), NAME(EDOM), NAME(ERANGE), NAME(ENAMETOOLONG),
		NAME(ENOSYS), NAME(ENOTEMPTY), NAME(ELOOP), NAME(ENODATA), NAME(EPROTO), NAME(EBADMSG), NAME(EOVERFLOW),
		NAME(ENOBUFS), NAME(ETIMEDOUT), NAME(ECONNREFUSED), NAME(ESTALE), NAME(EADDRINUSE), NAME(ECANCELED),
		NAME(EBADFD), NAME(EOPNOTSUPP), NAME(EPROTONOSUPPORT), NAME(EAFNOSUPPORT), NAME(ENOTCONN), NAME(EALREADY),
		{ 524, "ENOTSUPP" }, // the kernel's own, in no header for user space
#undef NAME
		// libbpf's own numbers start at 4000.
		{ LIBBPF_ERRNO__LIBELF, "LIBBPF_LIBELF" }, { LIBBPF_ERRNO__FORMAT, "LIBBPF_FORMAT" },
		{ LIBBPF_ERRNO__KVERSION, "LIBBPF_KVERSION" }, { LIBBPF_ERRNO__ENDIAN, "LIBBPF_ENDIAN" },
		{ LIBBPF_ERRNO__INTERNAL, "LIBBPF_INTERNAL" }, { LIBBPF_ERRNO__RELOC, "LIBBPF_RELOC" },
		{ LIBBPF_ERRNO__LOAD, "LIBBPF_LOAD" }, { LIBBPF_ERRNO__VERIFY, "LIBBPF_VERIFY" },
		{ LIBBPF_ERRNO__PROG2BIG, "LIBBPF_PROG2BIG" }, { LIBBPF_ERRNO__KVER, "LIBBPF_KVER" },
		{ LIBBPF_ERRNO__PROGTYPE, "LIBBPF_PROGTYPE" },
	};
	int positive = error < 0 ? -error : error;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].number == positive)
			return copy_out(names[i].name, strlen(names[i].name), buffer, capacity);
	char text[32];
	snprintf(text, sizeof(text), "E%d", positive);
	return copy_out(text, strlen(text), buffer, capacity);
}

WS_API int32_t ws_errno_text(int32_t error, void *buffer, uint32_t capacity)
{
	char text[128] = "";
	libbpf_strerror(error, text, sizeof(text));
	return copy_out(text, strlen(text), buffer, capacity);
}

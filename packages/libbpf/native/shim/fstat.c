// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc exports fstat only since 2.33 (before, it was an inline over __fxstat): the linker sends callers here, so that the library
// loads on 2.28. The kernel fills the struct glibc shows on x86-64 and arm64.
int __wrap_fstat(int fd, struct stat *info);
int __wrap_fstat(int fd, struct stat *info)
{
	return (int)syscall(SYS_fstat, fd, info);
}

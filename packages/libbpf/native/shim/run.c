// SPDX-License-Identifier: Apache-2.0
// Running a loaded program once, or many times, on input of the caller's (BPF_PROG_TEST_RUN).
#include <string.h>
#include <bpf/bpf.h>
#include "ws.h"

// data, context: what the program gets, NULL for none; `data_out` and `context` (both ways) have what it left there.
// out: u64 return value, nanoseconds a run, bytes in data_out, bytes in context.
WS_API int32_t ws_program_run(int32_t fd, const void *data, uint32_t data_size, void *data_out, uint32_t data_capacity,
			      void *context, uint32_t context_size, uint32_t repeat, void *out)
{
	WS_NEEDS(out, "run a program");
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = data, .data_size_in = data_size, .data_out = data_out,
		    .data_size_out = data_capacity, .ctx_in = context, .ctx_size_in = context_size, .ctx_out = context,
		    .ctx_size_out = context_size, .repeat = (int)repeat);
	// Only some program types give their context back; those that do not, refuse to be asked.
	int result = bpf_prog_test_run_opts(fd, &options);
	if (result == -EINVAL && context) {
		options.ctx_out = NULL;
		options.ctx_size_out = 0;
		result = bpf_prog_test_run_opts(fd, &options);
	}
	if (result)
		return ws_fail(-result, "run the program behind fd %d", fd);
	uint64_t numbers[4] = { options.retval, options.duration, options.data_size_out, options.ctx_size_out };
	memcpy(out, numbers, sizeof(numbers));
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Go's crypto/tls, entered and left:
//
//   func (c *Conn) Read(b []byte) (int, error)            and Write; handshakeContext
//
// Arguments and results are in registers (Go 1.17; on arm64 1.18). A goroutine may be on another thread when it returns, so
// its call is kept by the goroutine; and a return cannot be caught by changing the return address, since Go moves stacks: the
// programs are at each of the function's return instructions.
#pragma once

// The front of the runtime's struct g: where the goroutine's stack is now.
struct go_stack {
	u64 low;
	u64 high;
};

static __always_inline struct go_stack go_stack_of(u64 g)
{
	struct go_stack stack = {};

	bpf_probe_read_user(&stack, sizeof(stack), (void *)g);
	return stack;
}

static __always_inline struct tls_call *goroutine_call(const struct goroutine *goroutine)
{
	struct tls_call *call = bpf_map_lookup_elem(&tls_goroutines, goroutine), fresh = {};

	if (call)
		return call;
	bpf_map_update_elem(&tls_goroutines, goroutine, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&tls_goroutines, goroutine);
}

SEC("uprobe") int enter_go_tls(struct probe_registers *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tls_session session = {.address = GO_ARG1(regs), .tgid = task->tgid};
	struct goroutine goroutine = {.g = GO_G(regs), .tgid = task->tgid};
	u64 buffer = GO_ARG2(regs), cookie = bpf_get_attach_cookie(regs);
	struct go_stack stack;
	struct tls_call *call;

	if (stopping || !is_tls_process(task))
		return 0;
	call = goroutine_call(&goroutine);
	if (!call || is_within_tls_call(call, cookie))
		return 0;
	begin_tls_call(call, &session, cookie, buffer);
	stack = go_stack_of(goroutine.g);
	if (buffer >= stack.low && buffer < stack.high)
		call->stack_top = stack.high;
	return 0;
}

SEC("uprobe") int exit_go_tls(struct probe_registers *regs)
{
	struct goroutine goroutine = {.g = GO_G(regs), .tgid = bpf_get_current_pid_tgid() >> 32};
	struct tls_call *call = bpf_map_lookup_elem(&tls_goroutines, &goroutine);

	if (stopping || !call || call->kind != COOKIE_KIND(bpf_get_attach_cookie(regs)))
		return 0;
	// What is on the stack keeps its distance from the stack's end when it moves.
	if (call->stack_top)
		call->buffer += go_stack_of(goroutine.g).high - call->stack_top;
	end_tls_call(regs, call, bytes_of_tls_call(GO_ARG1(regs), 0));
	// Goroutines are many, and their end is not seen.
	bpf_map_delete_elem(&tls_goroutines, &goroutine);
	return 0;
}

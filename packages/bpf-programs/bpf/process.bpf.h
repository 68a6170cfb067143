// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Processes come, change and go: for who keeps a picture of them. Threads are not reported.
#pragma once

static __always_inline void fill_process(struct process_event *event, u8 kind, struct task_struct *task)
{
	__builtin_memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->exit_code = kind == KIND_EXIT ? BPF_CORE_READ(task, exit_code) : 0;
	event->time_ns = bpf_ktime_get_ns();
	event->tgid = BPF_CORE_READ(task, tgid);
	event->ppid = BPF_CORE_READ(task, real_parent, tgid);
	event->uid = BPF_CORE_READ(task, cred, euid.val);
	bpf_probe_read_kernel_str(event->comm, sizeof(event->comm),
				  __builtin_preserve_access_index(&task->comm));
}

static __always_inline int report_process(u8 kind, struct task_struct *task)
{
	struct process_event *event;

	if (stopping && stopping != SUSPENDED)
		return 0;
	event = bpf_ringbuf_reserve(&process_ring, sizeof(*event), 0);
	if (!event) {
		COUNT(processes_lost);
		return 0;
	}
	fill_process(event, kind, task);
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("raw_tp/sched_process_fork") int sched_process_fork(struct raw_tracepoint_args *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx->args[1];

	if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return 0;
	return report_process(KIND_FORK, child);
}

SEC("raw_tp/sched_process_exec") int sched_process_exec(struct raw_tracepoint_args *ctx)
{
	struct linux_binprm *program = (struct linux_binprm *)ctx->args[2];
	struct exec_event *event;
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (stopping && stopping != SUSPENDED)
		return 0;
	// It was another program that user space has judged: by the time it hears of this one a short request is over.
	if (setting_reject_process)
		bpf_map_delete_elem(&rejected_tgids, &tgid);
	event = bpf_ringbuf_reserve(&process_ring, sizeof(*event), 0);
	if (!event) {
		COUNT(processes_lost);
		return 0;
	}
	fill_process(&event->process, KIND_EXEC, (struct task_struct *)ctx->args[0]);
	// As it was called, of a script its interpreter; nothing when it does not fit.
	if (bpf_probe_read_kernel_str(event->exe, sizeof(event->exe), BPF_CORE_READ(program, interp)) >= EXE_BYTES)
		event->exe[0] = 0;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("raw_tp/sched_process_exit") int sched_process_exit(struct raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	// The last thread of the group.
	if (BPF_CORE_READ(task, signal, live.counter) != 0)
		return 0;
	bpf_map_delete_elem(&tls_reports, &tgid);
	return report_process(KIND_EXIT, task);
}

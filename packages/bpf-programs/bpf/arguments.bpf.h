// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Where the bytes of a call are, from the user's registers as they were saved on entry. They are read when the call
// returns, so that a call that was already blocked when the agent came is understood, too.
#pragma once

static __always_inline int from_buffer(struct operation *op, struct pt_regs *regs)
{
	op->source.base = ARG2(regs);
	op->source.reachable = op->bytes;
	return 0;
}

static __always_inline int from_iovecs(struct operation *op, struct pt_regs *regs)
{
	op->source.base = ARG2(regs);
	op->source.segments = ARG3(regs);
	op->source.reachable = op->bytes;
	return 0;
}

static __always_inline int from_msghdr(struct operation *op, struct pt_regs *regs)
{
	u64 address = ARG2(regs);
	struct {
		u64 iov;
		u64 iovlen;
	} message;

	if (bpf_probe_read_user(&message, sizeof(message), (void *)(address + __builtin_offsetof(struct user_msghdr, msg_iov))))
		return -1;
	op->source.base = message.iov;
	op->source.segments = message.iovlen;
	op->source.reachable = op->bytes;
	return 0;
}

// The bytes of the first `messages` messages of a list; -1 when it cannot be read.
__noinline long bytes_of_messages(u64 address, u64 messages)
{
	u64 total = 0;

#pragma clang loop unroll(disable)
	for (u32 i = 0; i < MAX_MESSAGES; i++) {
		u32 bytes = 0;

		if (i >= messages)
			break;
		if (bpf_probe_read_user(&bytes, sizeof(bytes),
					(void *)(address + i * sizeof(struct mmsghdr) +
						 __builtin_offsetof(struct mmsghdr, msg_len))))
			return -1;
		total += bytes;
	}
	return total;
}

// Several messages in one call are one operation: they follow each other in the stream.
static __always_inline int from_mmsghdrs(struct operation *op, struct pt_regs *regs)
{
	u64 address = ARG2(regs), messages = op->bytes;
	long total = bytes_of_messages(address, messages);

	if (total < 0)
		return -1;
	op->bytes = total;
	op->source.base = address;
	op->source.messages = messages;
	op->source.reachable = total;
	return 0;
}

static __always_inline int from_nowhere(struct operation *op, struct pt_regs *regs)
{
	op->opaque = 1;
	return 0;
}

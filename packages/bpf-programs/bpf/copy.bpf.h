// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// From user memory into the scratch. Every length is bounded by comparison, and what is declared was copied.
#pragma once

// Where an operation's bytes are: at `base`, which is a buffer, or a list of `segments` iovecs, or of `messages` messages with
// such lists.
struct source {
	u64 base;
	u64 segments;
	u64 messages;
	u64 reachable; // bytes that can be found there; the operation may have moved more
};

// Hides a value's history from the compiler, so that the comparison that follows it stays in the program.
#define BOUND(value, limit)                                                                                            \
	({                                                                                                             \
		asm volatile("" : "+r"(value));                                                                        \
		if ((value) > (limit))                                                                                 \
			(value) = (limit);                                                                             \
	})

// Copies what segments `iovecs...` have of bytes [from, to) of the operation to `scratch->payload[into...]`.
//
//   stream of the operation   |--seg 0--|-seg 1-|------seg 2------|
//                                   from [=================) to
//
// Returns 1 when `to` or the list's end was reached, 0 to go on with the next part, -1 when memory cannot be read.
// A global function, of scalars only: the verifier then checks it once by itself, not on each way that leads here.
__noinline long gather_part(u64 iovecs, u64 segments, u64 from, u64 to, u64 into)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &cpu);

	if (!scratch)
		return -1;
	BOUND(segments, PART_SEGMENTS);
	// All of them at once: a call for each costs more than the few bytes too many.
	if (bpf_probe_read_user(scratch->iovecs, segments * sizeof(struct iovec), (void *)iovecs))
		return -1;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < PART_SEGMENTS; i++) {
		// The position lives in memory: the verifier knows nothing of it and sees the same state in every
		// round, instead of following each way through the list.
		u64 at = scratch->at;

		if (i >= segments || at >= to)
			return 1;
		u64 end = at + scratch->iovecs[i].iov_len;
		scratch->at = end;
		if (end <= from || end <= at)
			continue;
		u64 skip = at < from ? from - at : 0;
		u64 n = (end < to ? end : to) - at - skip;
		u64 offset = into + (at + skip - from);

		BOUND(offset, MAX_CAPTURE + TAIL_BYTES);
		BOUND(n, MAX_CAPTURE);
		if (bpf_probe_read_user(scratch->payload + offset, n, (void *)(scratch->iovecs[i].iov_base + skip)))
			return -1;
	}
	return 0;
}

// Copies bytes [from, to) from a list of segments. Returns how many were copied, -1 when memory cannot be read.
__noinline long gather(u64 iovecs, u64 segments, u64 from, u64 to, u64 into)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &cpu);

	if (!scratch)
		return -1;
	scratch->at = 0;
#pragma clang loop unroll(disable)
	for (u32 part = 0; part < MAX_SEGMENTS / PART_SEGMENTS; part++) {
		u64 first = part * PART_SEGMENTS;

		if (first >= segments)
			break;
		long done = gather_part(iovecs + first * sizeof(struct iovec), segments - first, from, to, into);
		if (done < 0)
			return -1;
		if (done)
			break;
	}
	u64 end = scratch->at < to ? scratch->at : to;
	return end > from ? end - from : 0;
}

// The same, for what may be one buffer.
__noinline long copy_flat(u64 base, u64 from, u64 to, u64 into)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &cpu);
	u64 n = to - from;

	if (!scratch || to < from)
		return -1;
	BOUND(into, MAX_CAPTURE);
	BOUND(n, MAX_CAPTURE);
	return bpf_probe_read_user(scratch->payload + into, n, (void *)(base + from)) ? -1 : (long)n;
}

// The same of all messages of a list, one behind the other: in TCP's stream they have no borders. Returns like gather_part().
// The position lives in memory here, too.
__noinline long gather_message(u64 message, u64 from, u64 to, u64 into)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &cpu);
	struct mmsghdr header;
	u64 at, end, first;

	if (!scratch || bpf_probe_read_user(&header, sizeof(header), (void *)message))
		return -1;
	at = scratch->message_at;
	end = at + header.msg_len;
	scratch->message_at = end;
	if (at >= to)
		return 1;
	if (end <= from)
		return 0;
	first = at < from ? from : at;
	if (end > to)
		end = to;
	return gather(header.msg_hdr.msg_iov, header.msg_hdr.msg_iovlen, first - at, end - at, into + (first - from)) < 0 ? -1 : 0;
}

__noinline long gather_messages(u64 list, u64 messages, u64 from, u64 to, u64 into)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &cpu);
	u64 end;

	if (!scratch)
		return -1;
	scratch->message_at = 0;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < MAX_MESSAGES; i++) {
		if (i >= messages)
			break;
		long done = gather_message(list + i * sizeof(struct mmsghdr), from, to, into);
		if (done < 0)
			return -1;
		if (done)
			break;
	}
	end = scratch->message_at < to ? scratch->message_at : to;
	return end > from ? end - from : 0;
}

static __always_inline long copy(const struct source *source, u64 from, u64 to, u64 into)
{
	if (source->messages)
		return gather_messages(source->base, source->messages, from, to, into);
	if (source->segments)
		return gather(source->base, source->segments, from, to, into);
	return copy_flat(source->base, from, to, into);
}

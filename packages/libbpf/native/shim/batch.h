// SPDX-License-Identifier: Apache-2.0
// A batch is frames, one after another: u32 length, u32 source, `length` bytes, padding to 8. Little-endian like the machine.
#ifndef WS_BATCH_H
#define WS_BATCH_H
#include <string.h>
#include "ws.h"

struct batch {
	uint8_t *start;
	uint32_t capacity;
	uint32_t used;
};

static inline int batch_fits(const struct batch *batch, uint32_t length)
{
	return (uint64_t)batch->used + 8 + (((uint64_t)length + 7) & ~7ull) <= batch->capacity;
}

// Room for one frame of `length` bytes, its header and padding written; the caller has asked batch_fits().
static inline uint8_t *batch_frame(struct batch *batch, uint32_t length, uint32_t source)
{
	uint8_t *frame = batch->start + batch->used;
	uint32_t padded = ws_round_up8(length);
	memcpy(frame, &length, 4);
	memcpy(frame + 4, &source, 4);
	if (padded != length)
		memset(frame + 8 + length, 0, padded - length);
	batch->used += 8 + padded;
	return frame + 8;
}

#endif

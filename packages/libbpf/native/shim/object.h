// SPDX-License-Identifier: Apache-2.0
#ifndef WS_OBJECT_H
#define WS_OBJECT_H
#include "ws.h"

struct bpf_map;
struct bpf_program;

// enum bpf_attach_type, of Linux 6.6: newer than the headers this is built with.
#define WS_TRACE_UPROBE_MULTI 48

// NULL (and this thread's sentence) when the object has no such index.
struct bpf_map *ws_map_at(struct ws_object *object, uint32_t index);
struct bpf_program *ws_program_at(struct ws_object *object, uint32_t index);

#endif

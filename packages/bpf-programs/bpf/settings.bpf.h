// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Tunables, set by the loader before the programs are loaded: the verifier sees constants and drops dead branches.
#pragma once

// The largest front of an operation that can be captured, whatever the settings say: the size of the scratch.
#define MAX_CAPTURE 32768
// The end of a cut operation that is kept: it shows how a chunked body ends.
#define TAIL_BYTES 32
// What is copied before the kernel knows whether the operation starts a message.
#define PROBE_BYTES 512
// Segments of one iovec list that are followed: all that a call may have, in parts, since the verifier's work grows
// with the square of a loop's rounds (256 in one loop: 3.7 s to load).
#define PART_SEGMENTS 32
#define MAX_SEGMENTS 1024
// Messages of one sendmmsg or recvmmsg: all that a call may have.
#define MAX_MESSAGES 1024

enum queue_kind {
	QUEUE_RING = 0,
	QUEUE_PERF = 1,
};

const volatile u32 setting_queue = QUEUE_RING;
const volatile u32 setting_rings = 1;
// Wake the reader once when a ring holds more than this.
const volatile u32 setting_wake_bytes = 256 * 1024;
// A connection that showed no known protocol in this many operations is "other".
const volatile u32 setting_unknown_operations = 8;
// The programs on entry to reads are attached, too: only they know when a read that had to wait was called.
const volatile u32 setting_read_starts = 0;
// Programs will be attached to TLS libraries: system calls note what tells a session's socket.
const volatile u32 setting_tls = 1;

// The settings below may be changed while the programs run, so they are no constants. `selection_epoch` tells that they were.

// At most MAX_CAPTURE: what is copied is bounded where it is copied.
volatile u32 setting_head_limit = MAX_CAPTURE;
volatile u32 setting_body_limit = 4096;
// Of the sockets that are selected, so many in WATCHED_ALL are watched: which ones, their ids tell.
#define WATCHED_ALL 1024
volatile u32 setting_watched = WATCHED_ALL;
// Report the operations of connections that are not HTTP/1, too (headers only).
volatile u32 setting_all_operations = 0;
volatile u32 setting_select_process = 0;
volatile u32 setting_select_port = 0;
// User space judges processes, too, and rejects some.
volatile u32 setting_reject_process = 0;
volatile u32 setting_role = 0;
// Some connections are left out by their port, their role or their id: what is read from them is noted, too, or the plaintext of their TLS
// would seem to belong to no connection.
volatile u32 setting_sees_left_out = 0;

// Set by the loader to end or to suspend the capture: detaching some thirty programs takes the kernel seconds, this an instant.
// Programs ask before anything else, so that after one grace period nothing is counted or submitted any more.
volatile u32 stopping = 0;
// Only those go on that say what runs, or user space would take one process for another afterwards.
#define SUSPENDED 2

// Counted up by the loader when the capture goes on after it was suspended.
volatile u32 capture_life = 0;

// Counted up by the loader when it has changed the selection, so that decisions are made again.
volatile u32 selection_epoch = 0;

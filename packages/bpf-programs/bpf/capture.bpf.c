// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Wirescribe's capture: every read and write on a TCP connection, in order, as events for user space.
// One translation unit; each part is a file of its own. The way of an operation:
//
//   egress/ingress   a system call returns
//   identity         fd -> struct sock -> what is remembered of it
//   select           is it watched?
//   operation        classify, copy what is wanted, submit
//   unwatched        ... or only count the requests
//   emit             into a ring (or a perf buffer), waking nobody without need
//   lifecycle        connect, accept, close, and the end of sockets
//   process          exec, fork, exit
//
// and of plaintext:
//
//   tls-probes       a function of a TLS library returns
//   tls-go           ... of Go's crypto/tls
//   tls-trial        are cheaper sites in a function as good as its entry and its return?
//   tls-socket       session -> the socket it goes through
//   tls              classify, copy what is wanted, submit
#include "kernel.bpf.h"
#include "events.bpf.h"
#include "settings.bpf.h"
#include "counters.bpf.h"
#include "maps.bpf.h"
#include "identity.bpf.h"
#include "select.bpf.h"
#include "classify.bpf.h"
#include "copy.bpf.h"
#include "emit.bpf.h"
#include "process.bpf.h"
#include "tls-socket.bpf.h"
#include "operation.bpf.h"
#include "unwatched.bpf.h"
#include "tls.bpf.h"
#include "arguments.bpf.h"
#include "egress.bpf.h"
#include "ingress.bpf.h"
#include "lifecycle.bpf.h"
#include "tls-trial.bpf.h"
#include "tls-probes.bpf.h"
#include "tls-go.bpf.h"

// The string the kernel compares for GPL-only helpers.
char LICENSE[] SEC("license") = "Dual BSD/GPL";

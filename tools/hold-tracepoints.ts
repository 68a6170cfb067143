/**
 * Keeps the system call tracepoints on until standard input ends.
 *
 * Who lets go of a tracepoint as the last one waits until no processor can still be inside it: 65 ms each, 2 s for a capture.
 * While this holds them the captures of the tests are never the last. Its own programs return at once: it is detached from the
 * start, which leaves the tracepoints attached and nothing to be seen.
 */
import process from "node:process";
import { openCapture } from "@wirescribe/bpf-programs";

using capture = openCapture({ select: { ports: [] } });
capture.detach();
process.stdout.write("holding\n");
for await (const _ of process.stdin);

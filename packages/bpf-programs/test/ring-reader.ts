/** A thread that reads a ring by its handle, and says on which descriptors it saw operations. */
import { parentPort, workerData } from "node:worker_threads";
import { FRAME_BYTES, head, KIND, nextFrame } from "../src/events.ts";
import { type CaptureHandle, openRing } from "../src/index.ts";

const { handle, wanted } = workerData as { handle: CaptureHandle; wanted: number };
using ring = openRing(handle);
const memory = new Uint8Array(1 << 16);
const view = new DataView(memory.buffer);
const fds: number[] = [];
parentPort?.postMessage("open");
// A bounded number of waits: without events the test fails, and does not hang.
for (let round = 0; round < 100 && fds.length < wanted; round++) {
	ring.wait(100);
	const length = ring.drain(memory);
	for (let at = 0; at < length; at = nextFrame(view, at)) {
		const event = at + FRAME_BYTES;
		if (head.kind(view, event) === KIND.operation) fds.push(head.fd(view, event));
	}
}
parentPort?.postMessage(fds);

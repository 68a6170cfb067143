/** The capture's own reader, with nothing behind it: drains every 5 ms and counts, as the C consumer does. One line of JSON at the end. */
import process from "node:process";
import { openCapture, openRing } from "@wirescribe/bpf-programs";
import { FRAME_BYTES, head, KIND, nextFrame, operation } from "@wirescribe/bpf-programs/events";

const port = Number(process.argv[2]);
const capture = openCapture({ select: { ports: [port], role: "server" }, wakeBytes: 1 << 30 });
const ring = openRing(capture.handle(0));
const batch = new Uint8Array(1 << 20);
const view = new DataView(batch.buffer);
let records = 0;
let requests = 0;

function drain(): void {
	for (let length = ring.drain(batch); length > 0; length = ring.drain(batch)) {
		for (let at = 0; at < length; at = nextFrame(view, at)) {
			const event = at + FRAME_BYTES;
			records++;
			if (head.kind(view, event) === KIND.operation && operation.message(view, event) === 1) requests++;
		}
	}
}

const timer = setInterval(drain, 5);
process.once("SIGINT", () => {
	clearInterval(timer);
	capture.detach();
	drain();
	console.log(JSON.stringify({ records, requests, kernel: capture.counters() }));
	process.exit();
});
console.error("attached");

/** The receiving thread: takes records one way or another, and says how many and what their first bytes sum up to. */
import { parentPort, workerData } from "node:worker_threads";
import { SharedQueue, type SharedQueueHandle } from "@wirescribe/event-queue";

interface Received {
	readonly records: number;
	readonly sum: number;
}

const { handle } = (workerData ?? {}) as { readonly handle?: SharedQueueHandle };

function readShared(queue: SharedQueue): Received {
	const consumer = queue.consumer();
	let records = 0;
	let sum = 0;
	while (!consumer.done) {
		records += consumer.read((bytes, offset) => {
			sum += bytes[offset]!;
		});
	}
	return { records, sum };
}

let records = 0;
let sum = 0;
if (handle) {
	parentPort?.postMessage("ready");
	parentPort?.postMessage(readShared(SharedQueue.attach(handle)));
} else if (parentPort) {
	parentPort.on("message", (message: Uint8Array | "end") => {
		if (message === "end") {
			parentPort?.postMessage({ records, sum });
			return;
		}
		records++;
		sum += message[0]!;
	});
	parentPort.postMessage("ready");
}

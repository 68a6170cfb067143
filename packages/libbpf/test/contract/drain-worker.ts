import { parentPort, workerData } from "node:worker_threads";
import { RingBuffer } from "../../src/index.ts";

const ring = new RingBuffer((workerData as { fd: number }).fd);
const memory = new Uint8Array(1 << 16);
const length = ring.drain(memory);
ring.close();
parentPort?.postMessage(memory.buffer.slice(0, length));

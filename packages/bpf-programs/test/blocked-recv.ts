/** A thread that blocks in recv(2), as many simple servers do, and hands over what it got. */
import { parentPort, workerData } from "node:worker_threads";
import { addressOf, libc } from "./libc.ts";

const { fd } = workerData as { fd: number };
const into = new Uint8Array(4096);
parentPort?.postMessage("blocking");
parentPort?.postMessage(libc.recvfrom(fd, addressOf(into), into.length, 0, 0, 0));

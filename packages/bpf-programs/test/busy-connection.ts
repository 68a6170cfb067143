/** A thread that passes requests and answers over one connection until it is told to stop. */
import { parentPort, workerData } from "node:worker_threads";
import { addressOf, libc } from "./libc.ts";
import { request, response } from "./traffic.ts";

const { client, server, flag } = workerData as { client: number; server: number; flag: SharedArrayBuffer };
const stop = new Int32Array(flag);
const into = new Uint8Array(4096);
const take = (fd: number): number => libc.read(fd, addressOf(into), into.length);
let rounds = 0;
while (Atomics.load(stop, 0) === 0) {
	libc.write(client, addressOf(request), request.length);
	take(server);
	libc.write(server, addressOf(response), response.length);
	take(client);
	rounds++;
	if (rounds === 100) parentPort?.postMessage("busy");
}
parentPort?.postMessage(rounds);

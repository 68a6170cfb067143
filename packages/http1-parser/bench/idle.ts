import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Chunk } from "@wirescribe/buffer";
import { Http1Connection } from "../src/index.ts";

/** What connections hold that have had one exchange each and now wait for the next. */
export interface Idle {
	readonly connections: number;
	readonly bytesEach: number;
	/** The same once they were asked to rest. */
	readonly restingBytesEach: number;
}

const CONNECTIONS = 10_000;
const REQUEST = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
const RESPONSE = new TextEncoder().encode("HTTP/1.1 204 No Content\r\n\r\n");

declare const Bun: { gc(force: boolean): void } | undefined;

/** Bytes in use after a collection: the heap and what array buffers hold outside of it. */
export async function usedBytes(): Promise<number> {
	for (let i = 0; i < 3; i++) {
		const { gc } = globalThis as { gc?: () => void };
		if (typeof Bun !== "undefined") Bun.gc(true);
		else if (gc === undefined) throw new Error("Cannot collect garbage: start the runtime with --expose-gc");
		else gc();
		await sleep(20);
	}
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

/** Bytes an idle connection holds. */
export async function measureIdle(): Promise<Idle> {
	let exchanges = 0;
	const sink = { exchange: () => void exchanges++, protocol() {} };
	const rest = { sequence: 0, startNs: 0, endNs: 0 };
	const ask: Chunk = {
		direction: 2,
		dataId: 1,
		prevDataId: 0,
		offset: 1,
		bytes: REQUEST.length,
		payload: REQUEST,
		...rest,
	};
	const answer: Chunk = {
		direction: 1,
		dataId: 2,
		prevDataId: 1,
		offset: 1,
		bytes: RESPONSE.length,
		payload: RESPONSE,
		...rest,
	};
	const make = () => {
		const connection = new Http1Connection({}, sink);
		connection.append(ask);
		connection.append(answer);
		return connection;
	};
	make();
	const connections: Http1Connection[] = new Array(CONNECTIONS);
	const before = await usedBytes();
	for (let i = 0; i < CONNECTIONS; i++) connections[i] = make();
	const after = await usedBytes();
	if (exchanges !== CONNECTIONS + 1 || connections.some((one) => one.open() > 0)) throw new Error("not idle");
	for (const connection of connections) connection.rest();
	if (!connections.every(({ resting }) => resting)) throw new Error("not resting");
	const resting = await usedBytes();
	const [bytesEach, restingBytesEach] = [after, resting].map((bytes) => (bytes - before) / CONNECTIONS);
	return { connections: CONNECTIONS, bytesEach: bytesEach!, restingBytesEach: restingBytesEach! };
}

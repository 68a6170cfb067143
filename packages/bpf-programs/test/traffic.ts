/** What crosses the sockets in these tests. */
import { type Pair, readSome, text, writeAll } from "./libc.ts";

export const request: Uint8Array = text("GET /hello HTTP/1.1\r\nHost: here\r\n\r\n");
export const response: Uint8Array = text("HTTP/1.1 204 No Content\r\n\r\n");
/** A request and its answer, so that the kernel knows the connection as HTTP/1. */
export function exchange(pair: Pick<Pair, "client" | "server">): void {
	writeAll(pair.client, request);
	readSome(pair.server, 4096);
	writeAll(pair.server, response);
	readSome(pair.client, 4096);
}

/** Bytes that tell their position, so that a stale or shifted copy shows. */
export function canary(size: number, seed: number): Uint8Array {
	const bytes = new Uint8Array(size);
	for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed) & 0xff;
	return bytes;
}

/** Sends `bytes` with one write and takes all of them off the other end. */
export function pass(from: number, to: number, bytes: Uint8Array): void {
	writeAll(from, bytes);
	for (let got = 0; got < bytes.length; ) got += readSome(to, 1 << 17).length;
}

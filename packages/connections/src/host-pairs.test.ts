import { expect, test } from "vitest";
import { HostPairs, type HostSocket } from "./host-pairs.ts";

interface Socket extends HostSocket {
	readonly pid: number;
}
const socket = (socketId: number, from: string, to: string, netns = 1): Socket => {
	const end = (text: string): { ip: string; port: number } => {
		const [ip = "", port] = text.split(" ");
		return { ip, port: Number(port) };
	};
	return { socketId, netns, local: end(from), remote: end(to), pid: socketId * 100 };
};

test("both ends find each other, whichever came first, and part", () => {
	const pairs = new HostPairs<Socket>();
	expect(pairs.add(socket(1, "127.0.0.1 4000", "127.0.0.1 80"))).toBeUndefined();
	expect(pairs.add(socket(2, "127.0.0.1 80", "127.0.0.1 4000"))?.pid).toBe(100);
	expect(pairs.other(1)?.pid).toBe(200);
	pairs.remove(2);
	expect(pairs.other(1)).toBeUndefined();
	expect(pairs.stats().size).toBe(1);
});

test("loopback is apart in each namespace, other addresses are one", () => {
	const pairs = new HostPairs<Socket>();
	pairs.add(socket(1, "127.0.0.1 4000", "127.0.0.1 80", 1));
	expect(pairs.add(socket(2, "127.0.0.1 80", "127.0.0.1 4000", 2))).toBeUndefined();
	pairs.add(socket(3, "10.1.0.2 4000", "10.1.0.3 80", 1));
	expect(pairs.add(socket(4, "10.1.0.3 80", "10.1.0.2 4000", 2))?.pid).toBe(300);
});

test("a client that learns its real peer is joined then", () => {
	const pairs = new HostPairs<Socket>();
	pairs.add(socket(1, "10.1.0.2 4000", "10.96.0.1 80"));
	expect(pairs.add(socket(2, "10.1.0.3 8080", "10.1.0.2 4000"))).toBeUndefined();
	expect(pairs.add(socket(1, "10.1.0.2 4000", "10.1.0.3 8080"))?.pid).toBe(200);
});

test("ports used again belong to the new socket; the late removal of the old one takes nothing away", () => {
	const pairs = new HostPairs<Socket>();
	pairs.add(socket(1, "127.0.0.1 80", "127.0.0.1 4000"));
	pairs.add(socket(2, "127.0.0.1 80", "127.0.0.1 4000"));
	pairs.add(socket(3, "127.0.0.1 4000", "127.0.0.1 80"));
	pairs.remove(1);
	expect(pairs.other(3)?.socketId).toBe(2);
});

test("a million short connections leave nothing; the bound holds and is counted", () => {
	const pairs = new HostPairs<Socket>(100);
	let joined = 0;
	for (let id = 0; id < 1_000_000; id += 2) {
		const port = 1024 + ((id / 2) % 60_000);
		pairs.add(socket(id, `127.0.0.1 ${port}`, "127.0.0.1 80"));
		if (pairs.add(socket(id + 1, "127.0.0.1 80", `127.0.0.1 ${port}`))?.socketId === id) joined++;
		pairs.remove(id);
		pairs.remove(id + 1);
	}
	expect([joined, pairs.stats().size, pairs.stats().evicted]).toEqual([500_000, 0, 0]);
	for (let id = 0; id < 150; id++) pairs.add(socket(id, `10.0.0.1 ${id}`, "10.0.0.2 80"));
	expect(pairs.stats()).toEqual({ size: 100, evicted: 50 });
});

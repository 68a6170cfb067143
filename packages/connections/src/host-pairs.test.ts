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

test("both ends find each other, whichever came first, and need no place any more", () => {
	const pairs = new HostPairs<Socket>();
	expect(pairs.add(socket(1, "127.0.0.1 4000", "127.0.0.1 80"), 1)).toBeUndefined();
	expect(pairs.add(socket(2, "127.0.0.1 80", "127.0.0.1 4000"), 2)?.pid).toBe(100);
	expect(pairs.add(socket(2, "127.0.0.1 80", "127.0.0.1 4000"), 3)).toBeUndefined();
	expect(pairs.stats()).toEqual({ waiting: 1, joined: 1, evicted: 0 });
});

test("loopback is apart in each namespace, other addresses are one", () => {
	const pairs = new HostPairs<Socket>();
	pairs.add(socket(1, "127.0.0.1 4000", "127.0.0.1 80", 1), 1);
	expect(pairs.add(socket(2, "127.0.0.1 80", "127.0.0.1 4000", 2), 1)).toBeUndefined();
	pairs.add(socket(3, "10.1.0.2 4000", "10.1.0.3 80", 1), 1);
	expect(pairs.add(socket(4, "10.1.0.3 80", "10.1.0.2 4000", 2), 1)?.pid).toBe(300);
});

test("a client that learns its real peer is joined then", () => {
	const pairs = new HostPairs<Socket>();
	pairs.add(socket(1, "10.1.0.2 4000", "10.96.0.1 80"), 1);
	expect(pairs.add(socket(2, "10.1.0.3 8080", "10.1.0.2 4000"), 1)).toBeUndefined();
	expect(pairs.add(socket(1, "10.1.0.2 4000", "10.1.0.3 8080"), 1)?.pid).toBe(200);
});

test("a socket connected to itself is nobody's other end", () => {
	const pairs = new HostPairs<Socket>();
	pairs.add(socket(1, "127.0.0.1 4000", "127.0.0.1 4000"), 1);
	expect(pairs.add(socket(1, "127.0.0.1 4000", "127.0.0.1 4000"), 1)).toBeUndefined();
});

test("ports used again belong to the new socket", () => {
	const pairs = new HostPairs<Socket>();
	pairs.add(socket(1, "127.0.0.1 80", "127.0.0.1 4000"), 1);
	pairs.add(socket(2, "127.0.0.1 80", "127.0.0.1 4000"), 2);
	expect(pairs.add(socket(3, "127.0.0.1 4000", "127.0.0.1 80"), 3)?.socketId).toBe(2);
});

test("whoever has waited long enough leaves, and only those", () => {
	const pairs = new HostPairs<Socket>();
	for (let id = 0; id < 10; id++) pairs.add(socket(id, `10.0.0.1 ${id}`, "10.0.0.2 80"), id);
	expect(pairs.expire(4)).toBe(4);
	expect(pairs.stats().waiting).toBe(6);
	expect(pairs.add(socket(20, "10.0.0.2 80", "10.0.0.1 3"), 10)).toBeUndefined();
	expect(pairs.add(socket(21, "10.0.0.2 80", "10.0.0.1 4"), 10)?.socketId).toBe(4);
});

test("a million short connections leave nothing; the bound holds and is counted", () => {
	const pairs = new HostPairs<Socket>(100);
	let joined = 0;
	for (let id = 0; id < 1_000_000; id += 2) {
		const port = 1024 + ((id / 2) % 60_000);
		pairs.add(socket(id, `127.0.0.1 ${port}`, "127.0.0.1 80"), id);
		if (pairs.add(socket(id + 1, "127.0.0.1 80", `127.0.0.1 ${port}`), id)?.socketId === id) joined++;
	}
	expect([joined, pairs.stats()]).toEqual([500_000, { waiting: 0, joined: 500_000, evicted: 0 }]);
	for (let id = 0; id < 150; id++) pairs.add(socket(id, `10.0.0.1 ${id}`, "10.0.0.2 80"), id);
	expect(pairs.stats()).toMatchObject({ waiting: 100, evicted: 50 });
});

import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import process from "node:process";
import { openCapture, openRing } from "@wirescribe/bpf-programs";
import { describedConnections } from "@wirescribe/pipeline";
import { expect, test } from "vitest";
import { UnseenEnds } from "../src/live/unseen-ends.ts";

const SECOND = 1e9;

test("a connection whose end nobody reported is found to be over, those that live are not, at most every 30 s", async () => {
	const server = createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	using capture = openCapture({ excludePids: [], select: { pids: [process.pid], ports: [port] } });
	using ring = openRing(capture.handle(0));
	const memory = new Uint8Array(1 << 16);
	const sockets = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")] as const;
	try {
		for (const socket of sockets) await once(socket, "connect");
		const clients = describedConnections(memory.subarray(0, ring.drain(memory))).filter(
			({ role }) => role === "client",
		);
		const ids = clients.map(({ socketId }) => socketId);
		expect(ids).toHaveLength(2);
		const open = ids.map((id) => [id, 0] as const);
		const ends = new UnseenEnds(ring);
		expect(ends.look(40 * SECOND, () => open)).toEqual([]);
		// Its end is in the ring, which is not read: as if it had been lost.
		const closed = clients.find(({ local }) => local.port === sockets[0].localPort)?.socketId ?? 0;
		sockets[0].resetAndDestroy();
		// The kernel lets go of a socket when it likes.
		while (ring.socketIds().has(closed)) await new Promise((resolve) => setTimeout(resolve, 5));
		expect(ends.look(60 * SECOND, () => open)).toEqual([]);
		expect(ends.look(71 * SECOND, () => open)).toEqual([closed]);
		ring.close();
		// A kernel that cannot be asked says nothing.
		expect(new UnseenEnds(ring).look(40 * SECOND, () => open)).toEqual([]);
	} finally {
		for (const socket of sockets) socket.destroy();
		server.close();
	}
});

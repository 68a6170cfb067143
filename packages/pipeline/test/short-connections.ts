/** Short connections one after another on the same descriptors, with the races of their reuse; every answer is checked. */
import assert from "node:assert/strict";
import type { Transaction } from "@wirescribe/access-log";
import { Partition } from "../src/index.ts";
import { BatchBuilder } from "./batch-builder.ts";

const STEP_NS = 10_000;
const REQUEST_OFFSET = 100;

/**
 * `connections` lives of one socket each; all have the same process and descriptor, as after a close. In turn: in order; the old
 * socket's end comes after the new one's first bytes; an operation comes after the end; the end is lost, and found by asking.
 */
export function shortConnections(connections: number): { readonly partition: Partition; readonly nowNs: number } {
	let last: Transaction | undefined;
	let seen = 0;
	const partition = new Partition({
		output: {
			transaction(transaction) {
				last = transaction;
				seen++;
			},
			operations() {},
		},
	});
	let overdue: BatchBuilder | undefined;
	let nowNs = 0;
	for (let id = 1; id <= connections; id++) {
		nowNs += STEP_NS;
		const request = `GET /${id} HTTP/1.1\r\nHost: h\r\n\r\n`;
		const response = `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nContent-Length: 0\r\n\r\n`;
		const socket = new BatchBuilder(id)
			.connection(2, "accept", nowNs)
			.operation({ direction: 1, id: 1, offset: REQUEST_OFFSET, text: request, atNs: nowNs + 1 });
		partition.consume(socket.take(), nowNs + 2);
		if (overdue) partition.consume(overdue.close("life_ended", nowNs + 3).take(), nowNs + 3);
		overdue = undefined;
		socket.operation({ direction: 2, id: 2, offset: 500, text: response, atNs: nowNs + 4 }).close("called", nowNs + 5);
		const race = id % 4;
		if (race === 1) overdue = socket;
		else if (race !== 3) socket.close("life_ended", nowNs + 6);
		if (race === 2) {
			socket.operation({ direction: 1, id: 3, offset: 900, text: "late", atNs: nowNs + 2 });
		}
		partition.consume(socket.take(), nowNs + 7);
		if (race === 3) partition.endUnseen(id, nowNs + 8);
		assert.equal(last?.path, `/${id}`);
		assert.equal(last?.connection.socketId, id);
		assert.equal(last?.response?.headerBytes, response.length);
		if (id % 1000 === 0) partition.tick(nowNs);
	}
	if (overdue) partition.consume(overdue.close("life_ended", nowNs + 9).take(), nowNs + 9);
	assert.equal(seen, connections);
	const { connectionsOpen, connectionsClosed, logged, partial, unpaired, lost, operationsLate } = partition.ledger();
	assert.deepEqual([connectionsOpen, connectionsClosed, logged], [0, connections, connections]);
	assert.deepEqual([partial, unpaired, lost, operationsLate], [0, 0, 0, Math.floor((connections + 2) / 4)]);
	return { partition, nowNs };
}

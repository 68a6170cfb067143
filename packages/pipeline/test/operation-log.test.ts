import { describe, expect, it } from "vitest";
import { type LoggedOperation, OperationLog } from "../src/operation-log.ts";

const IN = 1;
const OUT = 2;

function operation(dataId: number, direction: number, endNs = dataId): LoggedOperation {
	const rest = { syscall: 1, startNs: 0, success: true, bytes: 1, segsOut: 0, retransmits: 0, srttUs: 0, lost: 0 };
	return { ...rest, kind: direction === IN ? "read" : "write", direction, dataId, endNs };
}

function log(...operations: LoggedOperation[]): OperationLog {
	const made = new OperationLog();
	for (const each of operations) made.add(each);
	return made;
}

function claim(from: OperationLog, direction: number, first: number, last: number, shared = false): number[] {
	const into: LoggedOperation[] = [];
	from.claim(direction, first, last, shared, into);
	return into.map(({ dataId }) => dataId);
}

describe("OperationLog", () => {
	it("keeps the order of ids, whatever the order of arrival", () => {
		const late = log(operation(3, IN), operation(1, IN), operation(2, OUT));
		expect(late.takeAll().map(({ dataId }) => dataId)).toEqual([1, 2, 3]);
	});

	it("gives a message the operations of its own direction only", () => {
		const mixed = log(operation(1, IN), operation(2, OUT), operation(3, IN), operation(4, OUT));
		expect(claim(mixed, IN, 1, 3)).toEqual([1, 3]);
		expect(mixed.takeAll().map(({ dataId }) => dataId)).toEqual([2, 4]);
	});

	it("reports and keeps an operation that the next message shares", () => {
		const shared = log(operation(1, IN), operation(2, OUT));
		expect(claim(shared, IN, 1, 1, true)).toEqual([1]);
		expect(claim(shared, IN, 1, 1)).toEqual([1]);
		expect(claim(shared, OUT, 2, 2)).toEqual([2]);
		expect(shared.size).toBe(0);
	});

	it("takes what nobody claimed, by age", () => {
		const aging = log(operation(1, IN, 100), operation(2, OUT, 200));
		expect(aging.takeOlder(100)).toEqual([]);
		expect(aging.takeOlder(150).map(({ dataId }) => dataId)).toEqual([1]);
		expect(aging.size).toBe(1);
	});
});

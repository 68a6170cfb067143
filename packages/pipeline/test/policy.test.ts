import type { LeftOutReason, SeenContent, Transaction, TransactionPolicy } from "@wirescribe/access-log";
import { describe, expect, it } from "vitest";
import { isBalanced, ledgerText, makeLedger, Partition, type RecordOutput } from "../src/index.ts";
import { BatchBuilder } from "./batch-builder.ts";

const REQUEST = "POST /a HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nContent-Length: 11\r\n\r\nhello world";
const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const RECORDS = { accepted: 0, acked: 0, retained: 0, spooled: 0, lost: {}, resent: { units: 0, records: 0 } };

class Told implements RecordOutput {
	readonly transactions: Transaction[] = [];
	readonly sequences: number[] = [];
	operationsOfTransactions = 0;
	plain = 0;
	transaction(transaction: Transaction, operations: readonly unknown[], sequence: number): void {
		this.transactions.push(transaction);
		this.sequences.push(sequence);
		this.operationsOfTransactions += operations.length;
	}
	operations(_connection: unknown, operations: readonly unknown[]): void {
		this.plain += operations.length;
	}
}

/** Judges by a list, one after another, and keeps what it was asked about. */
class Judge implements TransactionPolicy {
	readonly asked: { transaction: Transaction; seen: SeenContent | undefined }[] = [];
	readonly wants: TransactionPolicy["wants"];
	readonly #answers: (LeftOutReason | undefined)[];
	constructor(answers: (LeftOutReason | undefined)[], wants?: TransactionPolicy["wants"]) {
		this.#answers = answers;
		this.wants = wants;
	}
	apply(transaction: Transaction, seen: SeenContent | undefined): Transaction | LeftOutReason {
		this.asked.push({ transaction, seen });
		return this.#answers.shift() ?? { ...transaction, path: "/judged" };
	}
}

function exchanges(batch: BatchBuilder, count: number, from = 0): BatchBuilder {
	for (let n = from; n < from + count; n++) {
		const at = 2_000 + n * 2_000;
		batch.operation({ direction: 1, id: 2 * n + 1, offset: n * REQUEST.length, text: REQUEST, atNs: at });
		batch.operation({ direction: 2, id: 2 * n + 2, offset: n * RESPONSE.length, text: RESPONSE, atNs: at + 1_000 });
	}
	return batch;
}

describe("a policy", () => {
	it("says what leaves, and everything else is accounted for", () => {
		const told = new Told();
		const policy = new Judge(["filtered", undefined, "sampled", "rate-limited", "sampled"]);
		const partition = new Partition({ output: told, policy });
		const batch = exchanges(new BatchBuilder(1).connection(2, "accept"), 6);
		batch.operation({ direction: 1, id: 13, offset: 6 * REQUEST.length, text: REQUEST, atNs: 20_000 });
		partition.consume(batch.take(), 30_000);
		partition.close(40_000);

		expect(told.transactions.map(({ path }) => path)).toEqual(["/judged", "/judged", "/judged"]);
		expect(told.operationsOfTransactions).toBe(5);
		expect(policy.asked.every(({ seen }) => seen === undefined)).toBe(true);
		const ledger = makeLedger({
			operations: null,
			requestStartsLost: 0,
			partitions: [partition.ledger()],
			records: RECORDS,
		});
		expect(ledger.messages).toMatchObject({
			requestStartsRead: 7,
			logged: 2,
			unpaired: 1,
			leftOut: { filtered: 1, sampled: 2, "rate-limited": 1 },
			reasons: { "no-response": 1 },
		});
		expect(ledger.attribution).toMatchObject({ attributed: 5, leftOut: 8 });
		expect(isBalanced(ledger)).toBe(true);
		expect(ledgerText(ledger)).toContain(
			"7 read + 0 lost in the kernel = 2 logged + 0 partial + 1 unpaired + 4 left out {filtered 1, sampled 2, rate-limited 1} + 0 lost + 0 open",
		);
	});

	it("also of halves, whose reasons go with them", () => {
		const told = new Told();
		const partition = new Partition({ output: told, policy: new Judge(["sampled", "sampled", "sampled"]) });
		const request = new BatchBuilder(1).connection(2, "accept");
		partition.consume(request.operation({ direction: 1, id: 1, offset: 0, text: REQUEST, atNs: 2_000 }).take(), 3_000);
		const response = new BatchBuilder(2).connection(2, "first_seen");
		partition.consume(
			response.operation({ direction: 2, id: 1, offset: 0, text: RESPONSE, atNs: 2_000 }).take(),
			3_000,
		);
		partition.close(4_000);
		expect(told.transactions).toEqual([]);
		expect(partition.ledger()).toMatchObject({
			requestStartsRead: 1,
			unpaired: 0,
			leftOut: { sampled: 1 },
			unpairedResponses: 0,
			unpairedResponsesLeftOut: 1,
			reasons: {},
		});
	});

	it("sees headers and beginnings of bodies when it wants them", () => {
		const policy = new Judge([], { bodyBytes: 5 });
		const partition = new Partition({ output: new Told(), policy });
		partition.consume(exchanges(new BatchBuilder(1).connection(2, "accept"), 1).take(), 10_000);
		const { request, response } = policy.asked[0]?.seen ?? {};
		expect(request?.headers).toContainEqual(["X-A", "1"]);
		expect(new TextDecoder().decode(request?.body)).toBe("hello");
		expect(request?.bodyCut).toBe(true);
		expect(new TextDecoder().decode(response?.body)).toBe("ok");
		expect(response?.bodyCut).toBe(false);
	});

	it("may change while connections are open", () => {
		const told = new Told();
		const partition = new Partition({ output: told, policy: new Judge(["filtered", "filtered"]) });
		partition.consume(exchanges(new BatchBuilder(1).connection(2, "accept"), 2).take(), 10_000);
		const second = new Judge([], { bodyBytes: 4 });
		partition.obey(second);
		partition.consume(exchanges(new BatchBuilder(1), 1, 2).take(), 20_000);
		partition.consume(exchanges(new BatchBuilder(2).connection(2, "accept"), 1).take(), 20_000);
		partition.obey(undefined);
		partition.consume(exchanges(new BatchBuilder(1), 1, 3).take(), 30_000);
		expect(told.transactions.map(({ path }) => path)).toEqual(["/judged", "/judged", "/a"]);
		// Of the connection that was open nobody wanted a body when it began.
		expect(second.asked.map(({ seen }) => seen?.request?.body?.length)).toEqual([undefined, 4]);
		expect(partition.ledger()).toMatchObject({ requestStartsRead: 5, logged: 3, leftOut: { filtered: 2 } });
	});

	it("is asked once the connection is described", () => {
		const told = new Told();
		const policy = new Judge([undefined, "filtered"], { bodyBytes: 0 });
		const partition = new Partition({ output: told, policy });
		partition.consume(exchanges(new BatchBuilder(1), 2).take(), 10_000);
		expect(policy.asked).toEqual([]);
		partition.consume(new BatchBuilder(1).connection(2, "first_seen").take(), 11_000);
		expect(policy.asked.map(({ transaction }) => transaction.connection.comm)).toEqual(["server", "server"]);
		expect(policy.asked[0]?.seen?.request?.headers).toContainEqual(["Host", "h"]);
		expect(policy.asked[0]?.seen?.request?.body).toBeUndefined();
		expect(told.transactions).toHaveLength(1);
		expect(partition.ledger()).toMatchObject({ logged: 1, leftOut: { filtered: 1 } });
	});
});

import { expect, test } from "vitest";
import { createSender, type Sender, type SenderOptions, type Transport } from "../src/index.ts";

/** A transport under test, and what its peer has acknowledged. */
export interface Subject extends AsyncDisposable {
	readonly transport: Transport;
	/** Messages of all units that were answered OK, unit after unit, as text. */
	received(): Promise<readonly string[]>;
}

/** A peer that can be told how to answer. */
export interface AnsweringSubject extends Subject {
	/** Answers the next units like this, then OK again. */
	answer(...how: readonly ("again" | "never" | "silent")[]): void;
}

const KEYS = 5;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function start(transport: Transport, options: Partial<SenderOptions> = {}): Sender {
	return createSender({ transport, retry: { initialMs: 10, maxMs: 50 }, maxUnitBytes: 200, ...options });
}

function put(sender: Sender, count: number): string[] {
	const texts = Array.from({ length: count }, (_, n) => `${n % KEYS}:${n}`);
	for (const [n, text] of texts.entries()) {
		sender.enqueue({ key: n % KEYS, version: 1, preamble: new Uint8Array(0), body: bytes(text) });
	}
	return texts;
}

const ofKey = (texts: readonly string[], key: number): string[] => texts.filter((text) => text.startsWith(`${key}:`));

/** What every transport owes the sender, whatever its peer is. */
export function transportContract(create: () => Promise<Subject>): void {
	test("brings everything once, in order for each key", async () => {
		await using subject = await create();
		const sender = start(subject.transport);
		const sent = put(sender, 1000);
		expect(await sender.shutdown(60_000)).toMatchObject({ accepted: 1000, acked: 1000, retained: 0 });
		const received = await subject.received();
		expect(received).toHaveLength(1000);
		for (let key = 0; key < KEYS; key++) expect(ofKey(received, key)).toEqual(ofKey(sent, key));
	});

	test("a stream without a message has a status, too, and one that is cancelled at once", async () => {
		await using subject = await create();
		for (const finish of ["end", "cancel"] as const) {
			const stream = subject.transport.open({ id: finish, deadlineMs: 1000 });
			stream[finish]();
			expect((await stream.status).code).toBe(finish === "end" ? 0 : 1);
		}
		subject.transport.close();
	});
}

/** What a transport owes the sender, if its peer can fail. */
export function failureContract(create: () => Promise<AnsweringSubject>): void {
	test("a busy peer gets the unit again, as a whole", async () => {
		await using subject = await create();
		subject.answer("again", "again");
		const sender = start(subject.transport, { streams: 1 });
		const sent = put(sender, 100);
		expect(await sender.shutdown(60_000)).toMatchObject({ acked: 100, resent: { units: 2 } });
		expect([...(await subject.received())].sort()).toEqual([...sent].sort());
	});

	test("what the peer does not want is lost, and counted", async () => {
		await using subject = await create();
		subject.answer("never");
		const sender = start(subject.transport, { maxUnitBytes: 100_000, streams: 1 });
		put(sender, 10);
		const ledger = await sender.shutdown(60_000);
		expect(ledger.acked + ledger.lost.permanent).toBe(10);
		expect(ledger.lost.permanent).toBeGreaterThan(0);
	});

	test("a stream that is not answered ends at its deadline", async () => {
		await using subject = await create();
		subject.answer("silent");
		const stream = subject.transport.open({ id: "silent", deadlineMs: 50 });
		stream.write(bytes("x"));
		stream.end();
		expect(await stream.status).toMatchObject({ broken: true });
		subject.transport.close();
	});
}

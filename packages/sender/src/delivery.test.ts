import { afterEach, describe, expect, test } from "vitest";
import type { SenderEvent } from "./events.ts";
import type { SenderLedger } from "./ledger.ts";
import { type MemoryUnit, memoryTransport } from "./memory.ts";
import type { SenderOptions } from "./options.ts";
import { createSender } from "./sender.ts";
import type { Sender } from "./sender-interface.ts";
import type { UnitStatus } from "./transport.ts";

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
	for (const step of cleanup.splice(0).reverse()) await step();
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const none = bytes("");
const bodies = (unit: MemoryUnit): string[] => unit.messages.map((message) => new TextDecoder().decode(message));
const retry = { initialMs: 2, maxMs: 8 };

/** The identity must hold whenever one looks. */
function check(ledger: SenderLedger): SenderLedger {
	const lost = Object.values(ledger.lost).reduce((sum, n) => sum + n, 0);
	expect(ledger.acked + ledger.retained + ledger.spooled + lost).toBe(ledger.accepted);
	for (const count of [ledger.acked, ledger.retained, ledger.spooled]) expect(count).toBeGreaterThanOrEqual(0);
	return ledger;
}

function start(options: SenderOptions): { sender: Sender; events: SenderEvent[] } {
	const events: SenderEvent[] = [];
	const onEvent = (event: SenderEvent): unknown => check(sender.ledger()) && events.push(event);
	const sender: Sender = createSender({ retry, maxUnitAgeMs: 5, onEvent, ...options });
	cleanup.push(() => sender.shutdown(0));
	return { sender, events };
}

const put = (sender: Sender, text: string, key: number | string = 0): string =>
	sender.enqueue({ key, version: 0, preamble: none, body: bytes(text) });

/** Numbers that look like chance, the same in every run. */
function lot(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}

describe.each(["key", "round-robin", "least-pending"] as const)("dispatch %s", (dispatch) => {
	test.each([1, 2, 3])("whatever fails, all arrives, and the ledger balances at every moment (%i)", async (seed) => {
		const draw = lot(seed);
		const acked: string[] = [];
		const inFlight = { now: 0, most: 0 };
		const respond = async (unit: MemoryUnit): Promise<Partial<UnitStatus>> => {
			inFlight.most = Math.max(inFlight.most, ++inFlight.now);
			await new Promise((resolve) => setTimeout(resolve, draw() * 5));
			inFlight.now--;
			const way = draw();
			if (way < 0.2) return { code: 14 };
			if (way < 0.3) return { code: 13, broken: true };
			if (way < 0.4)
				return {
					code: 8,
					message: "Received message larger than max",
					retryDelayMs: unit.messages.length > 1 ? null : 1,
				};
			if (way < 0.5) return { code: 14, retryDelayMs: 3 };
			acked.push(...bodies(unit));
			return {};
		};
		const transport = (): ReturnType<typeof memoryTransport> => memoryTransport({ respond });
		const { sender } = start({ transport, lanes: 2, streams: 3, dispatch, maxUnitBytes: 120 });
		for (let n = 0; n < 600; n++) {
			put(sender, `${n}`, n % 7);
			check(sender.ledger());
			if (n % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
		}
		const ledger = check(await sender.shutdown());
		expect(ledger).toMatchObject({ accepted: 600, acked: 600, retained: 0 });
		expect(acked.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, n) => n));
		expect(inFlight.most).toBeGreaterThan(1);
		expect(inFlight.most).toBeLessThanOrEqual(6);
		if (dispatch !== "key") return;
		for (let key = 0; key < 7; key++) {
			const ofKey = acked.map(Number).filter((n) => n % 7 === key);
			expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
		}
	});
});

test("a push-back is waited for, and one that forbids another try ends it", async () => {
	const answers = [
		{ code: 14, retryDelayMs: 40 },
		{ code: 14, retryDelayMs: Number.POSITIVE_INFINITY },
	];
	const { sender, events } = start({ transport: memoryTransport({ respond: (_unit, index) => answers[index] ?? {} }) });
	put(sender, "a");
	await sender.flush();
	const wait = events.find((event) => event.type === "retry");
	expect(wait?.inMs).toBe(40);
	expect(check(sender.ledger())).toMatchObject({ lost: { permanent: 1 }, resent: { units: 1 } });
});

test("what a peer finds too large is cut until it fits; the one record that never does is lost", async () => {
	const acked: string[] = [];
	const respond = (unit: MemoryUnit): Partial<UnitStatus> => {
		if (bodies(unit).some((body) => body.length > 20))
			return { code: 8, message: "message larger than max (21 vs. 20)" };
		acked.push(...bodies(unit));
		return {};
	};
	const { sender, events } = start({ transport: memoryTransport({ respond }), streams: 1, maxUnitAgeMs: 60_000 });
	for (let n = 0; n < 100; n++) put(sender, n === 61 ? "x".repeat(21) : `${n}`);
	await sender.flush();
	expect(acked).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`).filter((text) => text !== "61"));
	expect(check(sender.ledger())).toMatchObject({ acked: 99, lost: { oversize: 1, permanent: 0 } });
	expect(events.filter((event) => event.type === "split").length).toBe(7);
	expect(sender.retainedBytes).toBe(0);
});

test("who waits for room loses nothing", async () => {
	const { promise: gate, resolve: openGate } = Promise.withResolvers<Partial<UnitStatus>>();
	const transport = memoryTransport({ respond: () => gate });
	const { sender } = start({ transport, overflow: "block", maxRetainedBytes: 30 });
	expect([put(sender, "12345"), put(sender, "12345"), put(sender, "12345")]).toEqual([
		"accepted",
		"accepted",
		"accepted",
	]);
	expect(put(sender, "12345")).toBe("full");
	expect(check(sender.ledger())).toMatchObject({ accepted: 3, lost: { queue: 0 } });
	const room = sender.room();
	openGate({});
	await room;
	expect(put(sender, "12345")).toBe("accepted");
	await sender.flush();
	expect(check(sender.ledger())).toMatchObject({ accepted: 4, acked: 4 });
	// Room for a few bytes is none for a record that needs more; what is not closed is, when nothing else can make room.
	const { sender: tight } = start({
		...{ transport: memoryTransport(), overflow: "block", maxRetainedBytes: 100, maxUnitAgeMs: 60_000 },
	});
	for (let n = 0; n < 50; n++) while (put(tight, "x".repeat(40), n) === "full") await tight.room();
	await tight.flush();
	expect(check(tight.ledger())).toMatchObject({ accepted: 50, acked: 50 });
	// Nobody waits for ever for a sender that has ended.
	const { sender: stuck } = start({
		transport: memoryTransport({ respond: () => new Promise(() => {}) }),
		overflow: "block",
		maxRetainedBytes: 10,
	});
	put(stuck, "12345");
	const never = stuck.room();
	await stuck.shutdown(5);
	await never;
});

test("the bound in units holds, too", async () => {
	const transport = memoryTransport({ respond: () => new Promise(() => {}) });
	const { sender } = start({ transport, streams: 1, maxUnitBytes: 10, maxRetainedUnits: 3 });
	for (let n = 0; n < 10; n++) {
		put(sender, "12345");
		await null;
	}
	expect(check(sender.ledger())).toMatchObject({ retained: 3, lost: { queue: 7 } });
	expect(sender.lanes()).toMatchObject([{ inFlight: 1, pendingUnits: 3, pendingBytes: 30 }]);
});

test("a lane that hangs does not slow the others; one that fails hands its units over", async () => {
	const stuck = memoryTransport({ respond: () => new Promise(() => {}) });
	const good = memoryTransport();
	for (const [bad, expected] of [
		[stuck, 90],
		[memoryTransport({ respond: () => ({ code: 14 }) }), 100],
	] as const) {
		const { sender } = start({
			transport: (lane) => (lane === 0 ? bad : good),
			...{ lanes: 2, streams: 1, dispatch: "least-pending", maxUnitBytes: 10, retry: { initialMs: 60_000, jitter: 0 } },
		});
		for (let n = 0; n < 100; n++) {
			put(sender, "12345");
			await new Promise((resolve) => setTimeout(resolve, 0));
		}
		await expect.poll(() => check(sender.ledger()).acked).toBeGreaterThanOrEqual(expected);
	}
});

test("events: a line for each unit, a summary, connections", async () => {
	const { sender, events } = start({ transport: memoryTransport(), summaryMs: 5 });
	put(sender, "a");
	put(sender, "b");
	await sender.flush();
	await expect.poll(() => events.map((event) => event.type)).toEqual(["acked", "summary"]);
	expect(events[0]).toMatchObject({ records: 2, unit: expect.stringMatching(/-1$/) });
	expect(events[1]).toMatchObject({ acked: 2, lost: 0 });
});

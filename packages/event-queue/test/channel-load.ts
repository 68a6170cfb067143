/** Four producers and four consumers on one channel; every item is accounted for. Also run by `npm run soak:queue`. */
import assert from "node:assert/strict";
import { Channel, type WhenFull } from "@wirescribe/event-queue";

export const POLICIES: readonly WhenFull[] = ["block", "drop-newest", "overwrite-oldest", "expand"];
const PARTIES = 4;
const PAUSES = 50;

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Sends `items` items; consumers are paused and resumed 50 times meanwhile. Throws unless each came once or is counted. */
export async function channelLoad(whenFull: WhenFull, items: number): Promise<void> {
	const channel = new Channel<number>("load", {
		capacity: 256,
		whenFull,
		...(whenFull === "expand" ? { maxCapacity: 1024 } : {}),
	});
	const each = items / PARTIES;
	const seen = new Uint8Array(items);
	let taken = 0;
	let paused = Promise.resolve();
	let pauses = 0;
	const pauseEvery = Math.floor(items / (PAUSES + 1) / (whenFull === "block" ? 1 : 64));

	const produce = async (party: number): Promise<number> => {
		let refused = 0;
		for (let n = 0; n < each; n++) {
			if (!(await channel.send(party * each + n))) refused++;
			if (n % 500 === 0) await turn();
			const { in: entered, out, lost, pending } = channel.counters();
			assert.equal(entered, out + lost + pending);
		}
		return refused;
	};
	const consume = async (party: number): Promise<void> => {
		const last = new Array<number>(PARTIES).fill(-1);
		for (;;) {
			await paused;
			const some = await channel.take(1 + party * 7);
			if (some.length === 0) return;
			for (const item of some) {
				seen[item]! += 1;
				const producer = Math.floor(item / each);
				assert.ok(item > last[producer]!, "one producer's items come in order");
				last[producer] = item;
				if (++taken % pauseEvery === 0 && pauses < PAUSES) {
					pauses++;
					paused = turn();
				}
			}
		}
	};
	const consumers = Promise.all(Array.from({ length: PARTIES }, (_, party) => consume(party)));
	const refused = await Promise.all(Array.from({ length: PARTIES }, (_, party) => produce(party)));
	channel.close();
	await consumers;

	const { in: entered, out, lost, pending } = channel.counters();
	assert.deepEqual([entered, pending, out], [items, 0, taken]);
	assert.equal(lost, items - taken);
	assert.ok(seen.every((count) => count <= 1));
	assert.equal(
		seen.reduce((sum, count) => sum + count, 0),
		taken,
	);
	const sum = refused.reduce((total, count) => total + count, 0);
	if (whenFull === "block") assert.equal(lost, 0);
	else if (whenFull === "overwrite-oldest") assert.equal(sum, 0);
	else assert.equal(sum, lost);
	assert.equal(pauses, PAUSES);
}

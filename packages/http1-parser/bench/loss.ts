/**
 * `npm run bench:loss`: what is told of traffic of which operations are lost, by this reader and by the policies of others.
 *
 *   --conversations 500    of 100 exchanges each, for every row
 *   --seed 1
 *
 * `right`: of the exchanges that lost no byte, the share that is told whole. `wrong`: of the exchanges told as whole, the share that
 * has another one's response or lacks bytes. Ends with code 1 when ours tells anything wrong.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import type { Chunk } from "@wirescribe/buffer";
import { type Conversation, converse, Random } from "../test/model.ts";
import { run } from "../test/wire.ts";
import { observed, type Told } from "./observers.ts";

const { values } = parseArgs({
	options: { conversations: { type: "string", default: "500" }, seed: { type: "string", default: "1" } },
});
const conversations = Number(values.conversations);
const seed = Number(values.seed);
if (!(conversations > 0) || !Number.isSafeInteger(seed)) {
	throw new TypeError("Cannot measure: --conversations and --seed take whole numbers");
}
const OBSERVERS = ["wirescribe", "stop", "length", "resync"] as const;
const LOSSES = [1, 5, 20];
const DEPTHS = [1, 2, 4];

/** Exchanges that came out whole, by our reader. */
function ours(chunks: readonly Chunk[]): Told[] {
	return run(chunks).rows.flatMap(({ headers, unpaired, partial }) => {
		const [request, response] = headers
			.filter((field) => field.startsWith("X-Id: "))
			.map((field) => Number(field.slice(6)));
		if (unpaired !== undefined || partial.length > 0 || response === undefined) return [];
		return [{ request: request!, response, damaged: false }];
	});
}

class Score {
	untouched = 0;
	right = 0;
	told = 0;
	wrong = 0;

	add(all: readonly Told[], whole: ReadonlySet<number>): void {
		this.untouched += whole.size;
		for (const { request, response, damaged } of all) {
			if (damaged) continue;
			this.told++;
			if (request !== response) this.wrong++;
			else if (whole.has(request)) this.right++;
		}
	}

	toString(): string {
		const percent = (part: number, of: number): number => (100 * part) / Math.max(1, of);
		return `${percent(this.right, this.untouched).toFixed(1)} / ${percent(this.wrong, this.told).toFixed(2)}`;
	}
}

function lossy(random: Random, { chunks, truth }: Conversation, percent: number): [Chunk[], Set<number>] {
	const lost = new Set(chunks.filter(() => random.below(1000) < percent * 10).map(({ dataId }) => dataId));
	const touched = (part: readonly number[]) => [...lost].some((id) => part[3]! <= id && id <= part[4]!);
	const whole = truth.flatMap(({ request, response }, i) => (touched(request!) || touched(response!) ? [] : [i]));
	return [chunks.filter(({ dataId }) => !lost.has(dataId)), new Set(whole)];
}

let failed = false;
console.log("In percent: right of what lost nothing / wrong of what is told as whole\n");
console.log(
	`| operations lost | in flight | ${OBSERVERS.join(" | ")} |\n| --- | --- | ${"--- | ".repeat(OBSERVERS.length)}`,
);
for (const depth of DEPTHS) {
	for (const percent of LOSSES) {
		const scores = OBSERVERS.map(() => new Score());
		for (let n = 0; n < conversations; n++) {
			const random = new Random(Math.imul(seed + n, 0x9e3779b1));
			const conversation = converse(random, { exchanges: 100, depth, maxOperation: 5000 });
			const [chunks, whole] = lossy(random, conversation, percent);
			const isHead = (id: number) => conversation.truth[id]?.method === "HEAD";
			for (const [i, observer] of OBSERVERS.entries()) {
				scores[i]!.add(observer === "wirescribe" ? ours(chunks) : observed(observer, chunks, isHead), whole);
			}
		}
		if (scores[0]!.wrong > 0) failed = true;
		console.log(`| ${percent} % | ${depth} | ${scores.join(" | ")} |`);
	}
}
if (failed) process.exitCode = 1;

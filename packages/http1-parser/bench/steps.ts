/**
 * `node --conditions=@wirescribe/source packages/http1-parser/bench/steps.ts`: how many steps (blocks of code entered, counted by V8) each
 * awkward input of `growth.ts` costs, and one of twice its size. Unlike times, these are the same in every run.
 */
import { Session } from "node:inspector";

interface Coverage {
	readonly result: readonly {
		readonly url: string;
		readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
	}[];
}

const session = new Session();
session.connect();
session.post("Profiler.enable");
// Before the code is loaded: what was compiled earlier is not counted in full.
session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
const { readShape, SHAPES } = await import("./growth.ts");

/** Steps in the sources of parser and buffer since the last call. */
function takeSteps(): number {
	let steps = 0;
	session.post("Profiler.takePreciseCoverage", (error, coverage) => {
		if (error !== null) throw error;
		for (const { url, functions } of (coverage as Coverage).result) {
			if (!/\/(http1-parser|buffer)\/src\//.test(url)) continue;
			for (const { ranges } of functions) for (const { count } of ranges) steps += count;
		}
	});
	return steps;
}

/** Enough for what grows to show, and for a linear one to be done soon. */
const LARGEST = 16_384;

for (const shape of SHAPES) {
	const size = Math.min(shape.size, LARGEST);
	const [half, full] = [size / 2, size].map((some) => {
		const chunks = shape.make(some);
		takeSteps();
		readShape(chunks, shape, some);
		return takeSteps();
	}) as [number, number];
	console.log(JSON.stringify({ name: shape.name, half, full }));
}

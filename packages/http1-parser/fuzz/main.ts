/**
 * `npm run fuzz`: the parser's properties on random traffic, until the time is over.
 *
 *   --minutes 1       how long
 *   --seed 1          the first seed; a case depends on its seed and property alone
 *   --only drop       properties, separated by commas
 *   --cases 1         stop after that many cases of each property: with --seed, to see one case again
 *
 * Ends with code 1 when a property was broken, and shows the smallest case of each kind that was met.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { Random } from "../test/model.ts";
import { ACCEPTED, differential, met } from "./differential.ts";
import { PROPERTIES as PORTABLE } from "./properties.ts";
import { type Defect, type Property, show, shrink } from "./property.ts";

const PROPERTIES: readonly Property[] = [...PORTABLE, differential];
const { values: options } = parseArgs({
	options: {
		minutes: { type: "string", default: "1" },
		seed: { type: "string", default: "1" },
		only: { type: "string", default: "" },
		cases: { type: "string", default: "Infinity" },
	},
});
const first = Number(options.seed);
const most = Number(options.cases);
const end = performance.now() + Number(options.minutes) * 60_000;
if (!Number.isSafeInteger(first) || Number.isNaN(end) || Number.isNaN(most)) {
	throw new TypeError("Cannot fuzz: --seed, --minutes and --cases take numbers");
}
const names = options.only === "" ? PROPERTIES.map(({ name }) => name) : options.only.split(",");
const properties = PROPERTIES.filter(({ name }) => names.includes(name));
if (properties.length !== names.length) {
	throw new TypeError(`Cannot fuzz '${options.only}': properties are ${PROPERTIES.map(({ name }) => name).join()}`);
}

/** Smallest case of a kind of defect. */
interface Found {
	readonly seed: number;
	readonly defect: Defect;
	readonly size: number;
}

class Tally {
	readonly property: Property;
	cases = 0;
	checked = 0;
	whole = 0;
	counted = false;
	defects = 0;
	readonly found: Map<string, Found> = new Map();

	constructor(property: Property) {
		this.property = property;
	}

	/** Tries one seed. */
	run(seed: number): void {
		this.cases++;
		// Seeds that lie side by side must not begin alike.
		const random = new Random(Math.imul(seed, 0x9e3779b1));
		let defect: Defect | undefined;
		try {
			const outcome = this.property.try(random);
			this.checked += outcome.checked;
			this.counted ||= outcome.whole !== undefined;
			this.whole += outcome.whole ?? 0;
			({ defect } = outcome);
		} catch (error) {
			defect = { what: (error as Error).stack ?? String(error), chunks: [] };
		}
		if (defect !== undefined) this.#note(seed, defect);
	}

	#note(seed: number, defect: Defect): void {
		this.defects++;
		const kind = defect.what.split(/[:;[{(]/)[0]!.replace(/\d+/g, "n");
		const old = this.found.get(kind);
		// Shrinking costs much: only what may become smaller than what is known.
		if (old !== undefined && (this.defects > 200 || sizeOf(defect) > 20 * old.size)) return;
		const small = shrink(defect);
		const size = sizeOf(small);
		if (old === undefined || size < old.size) this.found.set(kind, { seed, defect: small, size });
	}

	report(): string {
		const { name, says } = this.property;
		const whole = this.counted ? `, ${((100 * this.whole) / this.checked).toFixed(1)} % of the undamaged whole` : "";
		const lines = [
			`${name}: ${says}`,
			`  ${this.cases} cases, ${this.checked} compared${whole}, ${this.defects} broken`,
		];
		for (const { seed, defect } of this.found.values()) {
			lines.push(
				`  --only ${name} --seed ${seed} --cases 1`,
				`  ${defect.what}`,
				...(defect.note ? [`  ${defect.note}`] : []),
				show(defect.chunks),
			);
		}
		return lines.join("\n");
	}
}

function sizeOf({ chunks }: Defect): number {
	return chunks.length * 100 + chunks.reduce((sum, { payload }) => sum + payload.length, 0);
}

const tallies = properties.map((property) => new Tally(property));
let seed = first;
for (; seed - first < most && performance.now() < end; seed++) for (const tally of tallies) tally.run(seed);
console.log(`seeds ${first} to ${seed - 1}\n`);
for (const tally of tallies) console.log(`${tally.report()}\n`);
if (names.includes("llhttp")) {
	console.log("accepted differences from llhttp:");
	for (const { name, reason } of ACCEPTED) console.log(`  ${name}, met ${met.get(name) ?? 0} times: ${reason}`);
}
process.exitCode = tallies.some(({ defects }) => defects > 0) ? 1 : 0;

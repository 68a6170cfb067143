import { expect, test } from "vitest";
import { PROPERTIES } from "../fuzz/properties.ts";
import { show, shrink } from "../fuzz/property.ts";
import { Random } from "./model.ts";

const CASES = 500;

for (const property of PROPERTIES) {
	test(`${property.name}: ${property.says}`, { timeout: 300_000 }, () => {
		for (let seed = 1; seed <= CASES; seed++) {
			const { defect } = property.try(new Random(Math.imul(seed, 0x9e3779b1)));
			if (defect === undefined) continue;
			const { what, chunks } = shrink(defect);
			throw new Error(`npm run fuzz -- --only ${property.name} --seed ${seed} --cases 1: ${what}\n${show(chunks)}`);
		}
	});
}

/** Cases that were broken once. */
const ONCE: readonly [property: string, seeds: readonly number[]][] = [
	["split-damaged", [62_627, 147_685, 2_039_477, 2_047_518, 2_116_248, 4_011_208, 5_028_166, 5_203_883, 6_160_269]],
	["drop", [9_599, 2_055_638]],
	["drop-pipelined", [4_810, 11_063]],
	["cut-pipelined", [8_209, 43_104, 52_262, 222_323, 267_916, 1_411_575, 1_656_837, 2_215_904, 5_130_682, 6_502_820]],
	["drop-long", [41_232]],
	["rest", [428]],
	["order", [777_895]],
	["long", [6_147]],
	["recalled", [5_005_905]],
	["recalled-observed", [2_595]],
];

test.each(ONCE)("%s: what was broken once", (name, seeds) => {
	const property = PROPERTIES.find((one) => one.name === name)!;
	for (const seed of seeds) {
		const { defect } = property.try(new Random(Math.imul(seed, 0x9e3779b1)));
		expect(defect?.what, `${seed}`).toBeUndefined();
	}
});

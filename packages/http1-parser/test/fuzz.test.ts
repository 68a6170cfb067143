import { test } from "vitest";
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

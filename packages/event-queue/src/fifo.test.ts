import fc from "fast-check";
import { expect, test } from "vitest";
import { Fifo } from "./fifo.ts";

test("it says what a plain array would say", () => {
	fc.assert(
		fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constant(-1))), (steps) => {
			const fifo = new Fifo<number>();
			const plain: number[] = [];
			let next = 0;
			for (const step of steps) {
				if (step === -1) expect(fifo.take(15)).toEqual(plain.splice(0, 15));
				for (let i = 0; i < step; i++) {
					fifo.push(next);
					plain.push(next++);
				}
				expect(fifo.size).toBe(plain.length);
			}
			while (plain.length > 0) expect(fifo.shift()).toBe(plain.shift());
			expect(fifo.shift()).toBeUndefined();
		}),
	);
});

import { expect, test } from "vitest";
import { EventQueue } from "./event-queue.ts";

test("options that cannot work are refused at once, with the value", () => {
	const factory = (): Record<string, never> => ({});
	const refused = (options: object): string => {
		try {
			new EventQueue("q", { partitions: 1, placement: "inline", factory, ...options });
		} catch (error) {
			return (error as Error).message;
		}
		return "accepted";
	};
	expect(refused({})).toBe("accepted");
	expect(refused({ partitions: 0 })).toContain("positive integer: received 0");
	expect(refused({ capacity: 0.5 })).toContain("received 0.5");
	expect(refused({ placement: "threads" })).toContain("needs 'worker'");
	expect(refused({ pullIntervalMs: { min: 0, max: 2 } })).toContain("received 0 and 2");
});

test("pushing before start() is a mistake of the caller", () => {
	const queue = new EventQueue<number>("q", { partitions: 1, placement: "inline", factory: () => ({}) });
	expect(() => queue.push(1, 1)).toThrow(/not been started/);
});

test("bounds that contradict each other are refused", () => {
	const refused = (options: object): string => {
		try {
			new EventQueue("q", { partitions: 1, placement: "inline", factory: () => ({}), ...options });
		} catch (error) {
			return (error as Error).message;
		}
		return "accepted";
	};
	expect(refused({ whenFull: "expand", maxCapacity: 1_000_000 })).toBe("accepted");
	expect(refused({ whenFull: "expand", capacity: 8, maxCapacity: 4 })).toContain("at least 'capacity' (8): received 4");
	expect(refused({ whenFull: "block", maxCapacity: 100_000 })).toContain("belong to whenFull 'expand'");
	expect(refused({ whenFull: "wait" })).toContain("received wait");
	expect(refused({ whenFull: "block", blockTimeoutMs: -1 })).toContain("received -1");
	expect(refused({ dispatch: "any" })).toContain("received any");
});

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

import { expect, test } from "vitest";
import { packFrames, unpackFrames } from "./messages.ts";

test("byte events are packed into aligned frames and come back as views", () => {
	const events = [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9, 9)];
	const buffer = packFrames(events);
	expect(buffer?.byteLength).toBe(16 + 8 + 24);
	const back = unpackFrames(buffer as ArrayBuffer, events.length);
	expect(back).toEqual(events);
	expect(back.every((event) => event.buffer === buffer)).toBe(true);
});

test("events that are not all bytes are not packed", () => {
	expect(packFrames([Uint8Array.of(1), { key: 1 }])).toBeUndefined();
});

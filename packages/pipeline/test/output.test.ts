import { expect, it } from "vitest";
import { compareFrames, LINE, MESSAGE, OutputBuffer, outputFrames } from "../src/index.ts";

it("gives back every frame that was pushed, also when it had to grow", () => {
	const output = new OutputBuffer(64);
	for (let i = 0; i < 100; i++)
		output.push(i % 2 ? LINE : MESSAGE, i, 2 * i, 1e15 + i, i, new Uint8Array(i), new Uint8Array(i).fill(i));
	const frames = [...outputFrames(output.take() as ArrayBuffer)];
	expect(frames).toHaveLength(100);
	for (const [i, frame] of frames.entries()) {
		expect(frame).toMatchObject({
			kind: i % 2 ? LINE : MESSAGE,
			socketId: i,
			version: 2 * i,
			endNs: 1e15 + i,
			sequence: i,
		});
		expect(frame.preamble).toHaveLength(i);
		expect(frame.body).toEqual(new Uint8Array(i).fill(i));
	}
	expect(output.take()).toBeUndefined();
});

it("orders frames by end time, connection, sequence", () => {
	const output = new OutputBuffer();
	const nothing = new Uint8Array(0);
	for (const [endNs, socketId, sequence] of [
		[2, 1, 0],
		[1, 9, 1],
		[1, 9, 0],
		[1, 2, 5],
	] as const) {
		output.push(LINE, socketId, 0, endNs, sequence, nothing, nothing);
	}
	const sorted = [...outputFrames(output.take() as ArrayBuffer)].sort(compareFrames);
	expect(sorted.map(({ endNs, socketId, sequence }) => [endNs, socketId, sequence])).toEqual([
		[1, 2, 5],
		[1, 9, 0],
		[1, 9, 1],
		[2, 1, 0],
	]);
});

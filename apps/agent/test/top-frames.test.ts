import { fileURLToPath } from "node:url";
import { frameText, LiveView } from "@wirescribe/live-view";
import { describe, expect, it } from "vitest";
import { WATCH_DEFAULTS } from "../src/cli/watch-options.ts";
import { recordedEntries } from "../src/top/recorded-entries.ts";

const RECORDING = fileURLToPath(new URL("./fixtures/nginx.wsr", import.meta.url));
const { title, entries } = await recordedEntries(RECORDING, WATCH_DEFAULTS);
const NOW = 1_800_000_000_000;

/** A view that has played this much of the recording, and then was given these keys. */
function viewAt(seconds: number, keys: readonly string[] = []): LiveView {
	const view = new LiveView({ title, recording: entries });
	view.tick(NOW);
	view.tick(NOW + seconds * 1_000);
	view.press("space");
	for (const key of keys) view.press(key);
	return view;
}

function snapshot(name: string): string {
	return fileURLToPath(new URL(`./frames/${name}.txt`, import.meta.url));
}

// What nginx and its clients did is in the recording; a frame is the same each time it is played.
describe("frames of a recording of real traffic", () => {
	it.each([
		["start", 0.2, [], 80, 24],
		["endpoints", 6, [], 80, 24],
		["endpoints-wide", 6, [], 132, 40],
		["processes-by-p99", 6, ["g", "s", "s", "s", "s", "s"], 80, 24],
		["peers-both-ends", 6, ["3", "b"], 80, 24],
		["requests-of-a-group", 6, ["down", "enter", "down"], 80, 24],
		["detail", 6, ["tab", "down", "enter"], 80, 24],
		["help", 6, ["?"], 80, 24],
		["back-in-time", 6, ["shift-left", "shift-left", "left"], 80, 24],
		["small", 6, [], 40, 10],
	] as const)("%s", async (name, seconds, keys, width, height) => {
		await expect(`${frameText(viewAt(seconds, keys).frame(width, height))}\n`).toMatchFileSnapshot(snapshot(name));
	});

	it("are the same after seeking as after playing", () => {
		const sought = viewAt(0.1, ["shift-right", "shift-right", "right", "right"]);
		const played = new LiveView({ title, recording: entries });
		played.tick(NOW);
		const { fromMs, toMs } = { fromMs: Math.floor(entries[0]?.atMs ?? 0), toMs: Math.ceil(entries.at(-1)?.atMs ?? 0) };
		const target = 100 + ((toMs - fromMs) * 22) / 50;
		for (let ms = 50; ms < target; ms += 50) played.tick(NOW + ms);
		played.tick(NOW + target);
		played.press("space");
		expect(frameText(played.frame(80, 24))).toBe(frameText(sought.frame(80, 24)));
	});
});

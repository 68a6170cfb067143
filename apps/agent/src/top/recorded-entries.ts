import { basename } from "node:path";
import type { JsonTransaction } from "@wirescribe/access-log";
import type { TimelineEntry } from "@wirescribe/live-view";
import type { WatchOptions } from "../cli/watch-options.ts";
import { openRecording } from "../recordings/open-recording.ts";
import { play } from "../recordings/player.ts";
import type { RecordedHeader } from "../recordings/recorder.ts";

/** A recording as a view plays it. */
export interface RecordedEntries {
	readonly title: string;
	/** In the order of their time. */
	readonly entries: readonly TimelineEntry[];
	/** Why the file could be read only up to here. */
	readonly damage: string | undefined;
}

const decoder = new TextDecoder();

/** Reads a recording to its end. Its lines are kept as bytes: an object is made of one when its time comes. */
export async function recordedEntries(file: string, options: WatchOptions): Promise<RecordedEntries> {
	const reader = await openRecording(file);
	const { node, redacted } = reader.header as RecordedHeader;
	const { frames, damage } = await play(reader, { lines: "json", messages: false, color: false }, options);
	const bootMs = node.bootTime.seconds * 1e3 + node.bootTime.nanos / 1e6;
	return {
		title: `${basename(file)}${redacted ? "" : " (raw)"} of ${node.name}`,
		entries: frames.map(({ endNs, body }) => ({
			atMs: bootMs + endNs / 1e6,
			read: () => JSON.parse(decoder.decode(body)) as JsonTransaction,
		})),
		damage: damage?.message,
	};
}

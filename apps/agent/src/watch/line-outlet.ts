import type { JsonTransaction } from "@wirescribe/access-log";
import { LINE, OutputBuffer } from "@wirescribe/pipeline";
import { JsonFeed } from "../output/json-feed.ts";
import type { Outlet } from "../output/outlet.ts";
import { StdoutOutlet } from "../output/stdout-outlet.ts";

const NOTHING = new Uint8Array(0);

/** A line on stdout for each transaction. */
export function lineOutlet(line: (tx: JsonTransaction) => string, onGone: () => void): Outlet {
	const stdout = new StdoutOutlet(onGone);
	const lines = new OutputBuffer();
	const encoder = new TextEncoder();
	const feed = new JsonFeed((tx) => {
		lines.push(LINE, 0, 0, 0, 0, NOTHING, encoder.encode(`${line(tx)}\n`));
	});
	return {
		frames(buffer) {
			feed.frames(buffer);
			const made = lines.take();
			if (made) stdout.frames(made);
		},
		counts: () => stdout.counts(),
		drained: () => stdout.drained(),
		close: (deadlineMs) => stdout.close(deadlineMs),
	};
}

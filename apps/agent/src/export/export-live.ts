import { hostname } from "node:os";
import process from "node:process";
import type { Exporter } from "@wirescribe/exchange-export";
import type { WatchOptions } from "../cli/watch-options.ts";
import { startSession } from "../live/session.ts";
import { untilStopped } from "../live/signals.ts";
import { watchedText } from "../live/watched-text.ts";
import { JsonFeed } from "../output/json-feed.ts";
import { lossText } from "../top/watch-loss.ts";
import type { ExportTarget } from "./export-file.ts";
import { MASKED } from "./masked-note.ts";

/** Exports what this machine does, until a signal, or until it is enough. */
export async function exportLive(
	options: WatchOptions,
	exporter: (notes: readonly string[]) => Exporter,
	target: ExportTarget,
): Promise<void> {
	target.begin(exporter([`Live traffic of ${hostname()}, ${new Date().toISOString()}.`, MASKED]));
	const output = {
		plan: { lines: "json", messages: false, color: false },
		open: () => new JsonFeed((tx) => target.exchange(tx)),
	} as const;
	const session = await startSession(options, { output });
	const stopped = untilStopped(Promise.race([session.ended, target.done]));
	process.stderr.write(`wirescribe: exporting ${watchedText(options)}; Ctrl-C ends\n`);
	await stopped;
	const loss = lossText(await session.stop());
	if (loss !== undefined) process.stderr.write(`wirescribe: ${loss}\n`);
	if (target.dropped > 0)
		process.stderr.write(`wirescribe: left out ${target.dropped} exchanges: the reader is too slow\n`);
	await target.end();
	session.close();
}

import process from "node:process";
import { isBalanced } from "@wirescribe/pipeline";
import { CliError, EXIT } from "../cli/errors.ts";
import { helpText, usageError } from "../cli/options.ts";
import { parseWatch, WATCH_SPECS } from "../cli/watch-options.ts";
import { reportLedger } from "../output/ledger-report.ts";
import { handOut, Outlets, planOutput } from "../output/outlets.ts";
import { openRecording } from "../recordings/open-recording.ts";
import { packFrames } from "../recordings/pack-frames.ts";
import { play } from "../recordings/player.ts";
import type { RecordedHeader } from "../recordings/recorder.ts";

const DELIVERY_MS = 60_000;

/** `wirescribe replay FILE`: the log of a recording, the same bytes each time; needs neither root nor Linux. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseWatch("replay", args, 1);
	if (!parsed) {
		process.stdout.write(
			helpText(
				"wirescribe replay FILE [options]",
				"Reads a recording as 'run' reads the kernel, on the recorded clock and at full speed. --queue, --ring-size and --kubernetes do nothing here.",
				WATCH_SPECS,
			),
		);
		return EXIT.ok;
	}
	const { options, files } = parsed;
	const file = files[0];
	if (file === undefined) throw usageError("replay", "replay needs a FILE to read");
	const startMs = performance.now();
	const reader = await openRecording(file);
	const plan = planOutput(options);
	const played = await play(reader, plan, options);
	const seconds = (performance.now() - startMs) / 1000;
	const { node } = reader.header as RecordedHeader;
	const outlets = await Outlets.open(
		options,
		() => node,
		() => {},
	);
	for (const buffer of packFrames(played.frames)) handOut(outlets.current, buffer);
	await outlets.close(DELIVERY_MS);
	const ledger = played.ledger(outlets.counts());
	reportLedger(ledger, options.ledgerFile);
	const { drained } = ledger.operations ?? { drained: 0 };
	process.stderr.write(
		`replayed ${drained} operations in ${seconds.toFixed(2)} s (${Math.round(drained / seconds)} a second)\n`,
	);
	if (played.damage) throw new CliError(played.damage.message, EXIT.runtime, { cause: played.damage });
	return isBalanced(ledger) ? EXIT.ok : EXIT.runtime;
}

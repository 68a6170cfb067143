import process from "node:process";
import { CliError, EXIT } from "../cli/errors.ts";
import { KUBERNETES_SPECS, WORKLOAD_SPECS } from "../cli/kubernetes-options.ts";
import { helpText, type OptionSpecs, parseCommand, usageError } from "../cli/options.ts";
import { SELECTION_SPECS } from "../cli/selection-options.ts";
import { WATCH_DEFAULTS, WATCH_SPECS, watched } from "../cli/watch-options.ts";
import { untilStopped } from "../live/signals.ts";
import { Recorder } from "../recordings/recorder.ts";
import { version } from "../version.ts";

const { "no-tls": noTls } = WATCH_SPECS;
const SPECS = {
	raw: { type: "boolean", help: "keep header values, query values and bodies; the file is readable by its owner only" },
	...SELECTION_SPECS,
	...KUBERNETES_SPECS,
	...WORKLOAD_SPECS,
	"no-tls": noTls as OptionSpecs[string],
} satisfies OptionSpecs;

/** `wirescribe record FILE`: what the kernel saw, for replay anywhere. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseCommand("record", args, SPECS, 1);
	if (parsed.values["help"]) {
		process.stdout.write(
			helpText(
				"wirescribe record FILE [options]",
				"Writes what the kernel saw to FILE. Header values outside an allow-list, query values and bodies are overwritten by x.",
				SPECS,
			),
		);
		return EXIT.ok;
	}
	const file = parsed.positionals[0];
	if (file === undefined) throw usageError("record", "record needs a FILE to write to");
	const raw = parsed.values["raw"] === true;
	const recorder = await Recorder.start(file, raw, version(), {
		...WATCH_DEFAULTS,
		...watched("record", parsed),
		tls: parsed.values["no-tls"] !== true,
	});
	let failure: Error | undefined;
	const stopped = untilStopped(
		recorder.failed.then((error) => {
			failure = error;
		}),
	);
	process.stderr.write(
		`wirescribe: recording to ${file}${raw ? ", raw: it holds secrets" : ", redacted"}; Ctrl-C ends it\n`,
	);
	await stopped;
	const { operations, bytes } = await recorder.stop();
	if (failure) throw new CliError(failure.message, EXIT.runtime, { cause: failure });
	process.stderr.write(
		`wirescribe: ${operations.drained} operations, ${bytes} bytes; see them: wirescribe replay ${file}\n`,
	);
	return EXIT.ok;
}

import { once } from "node:events";
import process from "node:process";
import { CliError, EXIT } from "../cli/errors.ts";
import { helpText, type OptionSpecs, oneOf, type ParsedArguments, stringList } from "../cli/options.ts";
import { POLICY_SPECS } from "../cli/policy-options.ts";
import { parseView, parseViewArguments, VIEW_SPECS } from "../cli/view-options.ts";
import type { WatchOptions } from "../cli/watch-options.ts";
import { startSession } from "../live/session.ts";
import { untilStopped } from "../live/signals.ts";
import { watchedText } from "../live/watched-text.ts";
import type { Outlet } from "../output/outlet.ts";
import { openRecording } from "../recordings/open-recording.ts";
import { packFrames } from "../recordings/pack-frames.ts";
import { play } from "../recordings/player.ts";
import { lossText } from "../top/watch-loss.ts";
import { lineOutlet } from "../watch/line-outlet.ts";
import { checkFields, fieldNames, type WatchFormat, watchLine } from "../watch/watch-line.ts";

const SPECS: OptionSpecs = {
	fields: { type: "string", multiple: true, value: "NAME…", help: "these columns; '--fields help' lists them" },
	output: { type: "string", value: "text|json", help: "lines for people (default) or for programs" },
	color: { type: "string", value: "auto|always|never", help: "auto: on a terminal, unless NO_COLOR is set" },
	...VIEW_SPECS,
	...POLICY_SPECS,
};

const PLAN = { lines: "json", messages: false, color: false } as const;
/** How long a reader that has stopped reading may hold up the end. */
const FLUSH_MS = 10_000;

/** `wirescribe watch [FILE]`: one line a request, of this machine or of a recording. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseViewArguments("watch", args, SPECS);
	if (parsed.values["help"]) {
		const about =
			"Writes one line for each request: filtered, coloured, with the fields you choose. FILE is a recording.";
		process.stdout.write(helpText("wirescribe watch [FILE] [options]", about, SPECS));
		return EXIT.ok;
	}
	if (stringList(parsed, "fields").includes("help")) {
		process.stdout.write(fieldsText());
		return EXIT.ok;
	}
	const line = watchLine(format(parsed));
	const { file, watch } = parseView("watch", parsed);
	const open = (onGone: () => void): Outlet => lineOutlet(line, onGone);
	return file === undefined ? watchLive(watch, open) : watchRecording(file, watch, open);
}

function format(parsed: ParsedArguments): WatchFormat {
	const terminal = process.stdout.isTTY === true;
	const color = oneOf("watch", parsed, "color", ["auto", "always", "never"]) ?? "auto";
	const fields = checkFields("watch", stringList(parsed, "fields"));
	return {
		output: oneOf("watch", parsed, "output", ["text", "json"]) ?? "text",
		fields: fields.length === 0 ? undefined : fields,
		color: color === "auto" ? terminal && !process.env["NO_COLOR"] : color === "always",
		aligned: terminal,
	};
}

function fieldsText(): string {
	const headers = ["request.headers.NAME", "where headers are logged; response.headers.NAME alike"] as const;
	return [...fieldNames(), headers].map(([name, about]) => `${name.padEnd(32)}${about}\n`).join("");
}

async function watchLive(options: WatchOptions, open: (onGone: () => void) => Outlet): Promise<number> {
	const session = await startSession(options, { output: { plan: PLAN, open } });
	const stopped = untilStopped(session.ended);
	process.stderr.write(`wirescribe: watching ${watchedText(options)}; Ctrl-C ends\n`);
	await stopped;
	const ledger = await session.stop();
	const loss = lossText(ledger);
	if (loss !== undefined) process.stderr.write(`wirescribe: ${loss}\n`);
	session.close();
	return EXIT.ok;
}

async function watchRecording(
	file: string,
	options: WatchOptions,
	open: (onGone: () => void) => Outlet,
): Promise<number> {
	const { frames, damage } = await play(await openRecording(file), PLAN, options);
	const reader = new AbortController();
	const outlet = open(() => reader.abort());
	for (const buffer of packFrames(frames)) {
		outlet.frames(buffer);
		// A recording waits for whoever reads it.
		if (process.stdout.writableNeedDrain) await once(process.stdout, "drain", reader).catch(() => {});
		if (reader.signal.aborted) break;
	}
	await outlet.close(FLUSH_MS);
	if (damage) throw new CliError(damage.message, EXIT.runtime, { cause: damage });
	return EXIT.ok;
}

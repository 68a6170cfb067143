import process from "node:process";
import { REASONS } from "@wirescribe/http1-parser/reasons";
import { LiveView, type LiveViewOptions } from "@wirescribe/live-view";
import { CliError, EXIT } from "../cli/errors.ts";
import { helpText } from "../cli/options.ts";
import { viewFilter } from "../cli/view-filter.ts";
import { parseView, parseViewArguments, VIEW_SPECS, type ViewOptions } from "../cli/view-options.ts";
import { startSession } from "../live/session.ts";
import { watchedText } from "../live/watched-text.ts";
import { JsonFeed } from "../output/json-feed.ts";
import { recordedEntries } from "../top/recorded-entries.ts";
import { showView } from "../top/show-view.ts";
import { lossText, watchLoss } from "../top/watch-loss.ts";

/** Of a configuration's data policy what hides; the rest of it would make the figures those of a part, or is never shown. */
const MASKING = ["redact", "query-allow"];

/** `wirescribe top [FILE]`: the requests of this machine, or of a recording, in the terminal. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseViewArguments("top", args, VIEW_SPECS, MASKING);
	if (parsed.values["help"]) {
		process.stdout.write(
			helpText(
				"wirescribe top [FILE] [options]",
				"Shows requests as they come, and groups of them with rates, errors and percentiles. '?' lists the keys. FILE is a recording, with a time slider.",
				VIEW_SPECS,
			),
		);
		return EXIT.ok;
	}
	if (!process.stdin.isTTY || !process.stdout.isTTY) {
		const which = process.stdout.isTTY ? "stdin" : "stdout";
		throw new CliError(
			`cannot show top: ${which} is not a terminal; for lines in a pipe or a file use 'wirescribe watch'`,
			EXIT.usage,
		);
	}
	const options = withoutFilter(parseView("top", parsed));
	const common: ViewCommon = {
		compileFilter: viewFilter,
		...(options.filter === undefined ? {} : { filter: options.filter }),
		describeReason: (reason) => (Object.hasOwn(REASONS, reason) ? REASONS[reason as keyof typeof REASONS] : undefined),
	};
	return options.file === undefined ? topLive(options, common) : topRecording(options.file, options, common);
}

/** The view filters what it shows, so that what is hidden can be had again. */
function withoutFilter(options: ViewOptions): ViewOptions {
	const { filter: _, ...policy } = options.watch.policy;
	return { ...options, watch: { ...options.watch, policy } };
}

type ViewCommon = Pick<LiveViewOptions, "filter" | "compileFilter" | "describeReason">;

async function topLive({ watch }: ViewOptions, common: ViewCommon): Promise<number> {
	const view = new LiveView({ ...common, title: watchedText(watch) });
	const output = {
		plan: { lines: "json", messages: false, color: false },
		open: () => new JsonFeed((tx) => view.add(tx)),
	} as const;
	process.stderr.write("wirescribe: attaching to the kernel …\n");
	const session = await startSession(watch, { output });
	const stopAsking = watchLoss(session, view);
	try {
		await showView(view, session.ended);
	} finally {
		stopAsking();
		const ledger = await session.stop();
		const loss = lossText(ledger);
		if (loss !== undefined) process.stderr.write(`wirescribe: ${loss}\n`);
		session.close();
	}
	return EXIT.ok;
}

async function topRecording(file: string, { watch }: ViewOptions, common: ViewCommon): Promise<number> {
	const { entries, title, damage } = await recordedEntries(file, watch);
	if (entries.length === 0) throw new CliError(`'${file}' has no requests to show${damage ? `: ${damage}` : ""}`);
	const view = new LiveView({ ...common, title, recording: entries });
	view.notice(damage);
	await showView(view);
	return EXIT.ok;
}

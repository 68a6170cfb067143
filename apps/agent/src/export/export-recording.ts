import type { JsonTransaction } from "@wirescribe/access-log";
import type { Exporter } from "@wirescribe/exchange-export";
import { CliError, EXIT } from "../cli/errors.ts";
import type { WatchOptions } from "../cli/watch-options.ts";
import { openRecording } from "../recordings/open-recording.ts";
import { play } from "../recordings/player.ts";
import type { RecordedHeader } from "../recordings/recorder.ts";
import type { ExportTarget } from "./export-file.ts";
import { MASKED } from "./masked-note.ts";

const REDACTED =
	"Recorded redacted: query values, bodies and header values outside of an allow-list are overwritten by as many x.";
const RAW = `Recorded raw: it may hold secrets. ${MASKED}`;

const decoder = new TextDecoder();

/** Exports a recording, in the order of its time. */
export async function exportRecording(
	file: string,
	options: WatchOptions,
	exporter: (notes: readonly string[]) => Exporter,
	target: ExportTarget,
): Promise<void> {
	const reader = await openRecording(file);
	const { node, redacted, startedAt } = reader.header as RecordedHeader;
	const { frames, damage } = await play(reader, { lines: "json", messages: false, color: false }, options);
	target.begin(exporter([`Recorded on ${node.name}, ${startedAt}.`, redacted ? REDACTED : RAW]));
	for (const { body } of frames) {
		target.exchange(JSON.parse(decoder.decode(body)) as JsonTransaction);
		await target.flush();
	}
	await target.end();
	if (damage) throw new CliError(damage.message, EXIT.runtime, { cause: damage });
}

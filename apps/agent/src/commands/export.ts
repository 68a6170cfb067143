import process from "node:process";
import { type DataPolicyOptions, DEFAULT_BODY_TYPES, MAX_PREFIX_BYTES } from "@wirescribe/data-policy";
import { createExporter, EXPORT_FORMATS, type Exporter } from "@wirescribe/exchange-export";
import { BothEnds, type Predicate } from "@wirescribe/live-view";
import { EXIT } from "../cli/errors.ts";
import {
	helpText,
	type OptionSpecs,
	oneOf,
	type ParsedArguments,
	text,
	usageError,
	wholeNumber,
} from "../cli/options.ts";
import { POLICY_SPECS } from "../cli/policy-options.ts";
import { parseView, parseViewArguments, VIEW_SPECS } from "../cli/view-options.ts";
import { openExportFile } from "../export/export-file.ts";
import { exportLive } from "../export/export-live.ts";
import { exportRecording } from "../export/export-recording.ts";
import { version } from "../version.ts";

const SPECS: OptionSpecs = {
	format: { type: "string", value: EXPORT_FORMATS.join("|"), help: "what to write; needed" },
	live: { type: "boolean", help: "of this machine, until Ctrl-C or --count, instead of a recording" },
	count: { type: "string", value: "N", help: "so many exchanges at most" },
	out: { type: "string", value: "FILE", help: "write here, readable by its owner only, instead of to stdout" },
	to: { type: "string", value: "URL", help: "requests go to this origin: http://127.0.0.1:8080" },
	"both-ends": { type: "boolean", help: "what was seen from both of its ends twice, not once" },
	...VIEW_SPECS,
	...POLICY_SPECS,
};

/** `wirescribe export FILE`: what was logged, for the tools that people use. */
export async function run(args: readonly string[]): Promise<number> {
	const parsed = parseViewArguments("export", args, SPECS);
	if (parsed.values["help"]) {
		const about =
			"Writes exchanges of a recording, or of live traffic, as HAR, curl commands, a k6 script or vitest fixtures.";
		process.stdout.write(helpText("wirescribe export --format FORMAT FILE|--live [options]", about, SPECS));
		return EXIT.ok;
	}
	const format = oneOf("export", parsed, "format", EXPORT_FORMATS);
	if (format === undefined) throw usageError("export", `export needs --format, one of ${EXPORT_FORMATS.join(", ")}`);
	const { file, watch } = parseView("export", parsed);
	const options = { ...watch, policy: exportPolicy(parsed, watch.policy) };
	if ((file === undefined) !== (parsed.values["live"] === true)) {
		throw usageError("export", "export needs a FILE to read, or --live, and not both");
	}
	const count = text(parsed, "count");
	const to = parseTo(parsed);
	const exporter = (notes: readonly string[]): Exporter =>
		createExporter(format, {
			creator: { name: "wirescribe", version: version() },
			notes,
			...(to === undefined ? {} : { to }),
		});
	const target = await openExportFile(text(parsed, "out"), {
		wanted: wantedBy(parsed),
		count: count === undefined ? Number.POSITIVE_INFINITY : wholeNumber("export", "count", count, 1, 1e9),
	});
	if (file === undefined) await exportLive(options, exporter, target);
	else await exportRecording(file, options, exporter, target);
	process.stderr.write(`wirescribe: exported ${target.count} exchanges as ${format}\n`);
	return EXIT.ok;
}

function parseTo(parsed: ParsedArguments): string | undefined {
	const to = text(parsed, "to");
	if (to === undefined || /^https?:\/\/[^/?#\s]+\/?$/.test(to)) return to;
	throw usageError("export", `--to takes an origin such as http://127.0.0.1:8080, not '${to}'`);
}

function wantedBy(parsed: ParsedArguments): Predicate {
	if (parsed.values["both-ends"] === true) return () => true;
	const ends = new BothEnds();
	return (tx) => !ends.isSecond(tx);
}

const TEXT_TYPES = [...DEFAULT_BODY_TYPES, "application/xml", "application/*+xml", "text/*"];

/** As everywhere, but headers and bodies are what an export is for: all of them, secrets masked, unless others are asked for. */
function exportPolicy(parsed: ParsedArguments, policy: DataPolicyOptions): DataPolicyOptions {
	return {
		...policy,
		headers: parsed.values["headers"] === undefined ? ["*"] : (policy.headers ?? []),
		bodies: policy.bodies ?? { prefixBytes: MAX_PREFIX_BYTES, types: TEXT_TYPES },
	};
}

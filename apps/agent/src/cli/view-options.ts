import process from "node:process";
import { configuredArguments } from "../config/config.ts";
import { problemLine } from "../config/problem.ts";
import { CONFIG_SPECS } from "./config-options.ts";
import { HOST_SPECS, parseHostProc } from "./host-options.ts";
import { KUBERNETES_SPECS, WORKLOAD_SPECS } from "./kubernetes-options.ts";
import { numberList, type OptionSpecs, oneOf, type ParsedArguments, parseCommand, text } from "./options.ts";
import { POLICY_SPECS, parsePolicy } from "./policy-options.ts";
import { SELECTION_SPECS } from "./selection-options.ts";
import { ringBytes, WATCH_DEFAULTS, WATCH_SPECS, type WatchOptions, watched } from "./watch-options.ts";

const { "query-values": queryValues, "no-tls": noTls, "ring-size": ringSize } = WATCH_SPECS;

/** What those who look on can choose: what to watch, but not where to send it. */
export const VIEW_SPECS: OptionSpecs = {
	...CONFIG_SPECS,
	filter: { type: "string", value: "EXPR", help: "only what this is true of: 'status >= 500'" },
	...SELECTION_SPECS,
	...KUBERNETES_SPECS,
	...WORKLOAD_SPECS,
	...HOST_SPECS,
	"query-values": queryValues as OptionSpecs[string],
	"no-tls": noTls as OptionSpecs[string],
	"ring-size": ringSize as OptionSpecs[string],
};

/** What is looked at, and by which filter. */
export interface ViewOptions {
	readonly watch: WatchOptions;
	readonly filter: string | undefined;
	/** A recording instead of this machine. */
	readonly file: string | undefined;
}

/**
 * Parses the arguments of `top`, `watch` and `export`, with what the configuration says of the same options, of how it is captured, and of
 * the options in `more`, which are none of the command's own.
 */
export function parseViewArguments(
	command: string,
	args: readonly string[],
	specs: OptionSpecs,
	more: readonly string[] = [],
): ParsedArguments {
	const given = parseCommand(command, args, specs, 1);
	if (given.values["help"]) return given;
	// Where the lines go is a command's own matter, though options of `run` have the same names.
	const shared = Object.keys({ ...VIEW_SPECS, ...POLICY_SPECS }).filter((name) => name in specs);
	const taken = [...shared, "partitions", "queue", ...more];
	const { parsed, warnings } = configuredArguments(command, given, taken, process.env);
	for (const warning of warnings) process.stderr.write(`wirescribe: ${problemLine(warning)}\n`);
	return parsed;
}

/** Options of `top`, `watch` and `export`; a recording has its own answers about workloads. */
export function parseView(command: string, parsed: ParsedArguments): ViewOptions {
	const file = parsed.positionals[0];
	return {
		file,
		filter: text(parsed, "filter"),
		watch: {
			...WATCH_DEFAULTS,
			...watched(file === undefined ? command : "replay", parsed),
			policy: parsePolicy(command, parsed),
			partitions: numberList(command, parsed, "partitions", 1, 64)[0],
			queue: oneOf(command, parsed, "queue", ["ring", "perf"]) ?? "ring",
			queryValues: parsed.values["query-values"] === true,
			proc: parseHostProc(parsed),
			ringBytes: ringBytes(command, text(parsed, "ring-size")),
			tls: parsed.values["no-tls"] !== true,
		},
	};
}

import { HOST_SPECS, parseHostProc } from "./host-options.ts";
import { KUBERNETES_SPECS, WORKLOAD_SPECS } from "./kubernetes-options.ts";
import { type OptionSpecs, type ParsedArguments, text } from "./options.ts";
import { SELECTION_SPECS } from "./selection-options.ts";
import { ringBytes, WATCH_DEFAULTS, WATCH_SPECS, type WatchOptions, watched } from "./watch-options.ts";

const { "query-values": queryValues, "no-tls": noTls, "ring-size": ringSize } = WATCH_SPECS;

/** What those who look on can choose: what to watch, but not where to send it. */
export const VIEW_SPECS: OptionSpecs = {
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

/** Options of `top` and `watch`; a recording has its own answers about workloads. */
export function parseView(command: string, parsed: ParsedArguments): ViewOptions {
	const file = parsed.positionals[0];
	return {
		file,
		filter: text(parsed, "filter"),
		watch: {
			...WATCH_DEFAULTS,
			...watched(file === undefined ? command : "replay", parsed),
			queryValues: parsed.values["query-values"] === true,
			proc: parseHostProc(parsed),
			ringBytes: ringBytes(command, text(parsed, "ring-size")),
			tls: parsed.values["no-tls"] !== true,
		},
	};
}

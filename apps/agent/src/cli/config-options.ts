import { type OptionSpecs, type ParsedArguments, parseCommand } from "./options.ts";
import { WATCH_SPECS } from "./watch-options.ts";

export const CONFIG_SPECS: OptionSpecs = {
	config: {
		type: "string",
		short: "c",
		value: "FILE",
		help: "read this configuration; $WIRESCRIBE_CONFIG, else /etc/wirescribe/wirescribe.yaml, if it exists",
	},
};

/** What `run` takes. */
export const RUN_SPECS: OptionSpecs = { ...CONFIG_SPECS, ...WATCH_SPECS };

/** Arguments of a command that takes all options of `run`, and perhaps some of its own. */
export function parseRun(command: string, args: readonly string[], specs: OptionSpecs = {}): ParsedArguments {
	return parseCommand(command, args, { ...specs, ...RUN_SPECS }, 0);
}

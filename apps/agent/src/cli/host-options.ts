import { existsSync } from "node:fs";
import { CliError, EXIT } from "./errors.ts";
import { type OptionSpecs, type ParsedArguments, text } from "./options.ts";

export const HOST_SPECS: OptionSpecs = {
	"host-proc": {
		type: "string",
		value: "FOLDER",
		help: "where the host's /proc is, if the agent's own shows a container's processes",
	},
};

/** The folder in which processes are looked up. */
export function parseHostProc(parsed: ParsedArguments): string {
	const folder = text(parsed, "host-proc");
	if (folder === undefined) return "/proc";
	if (existsSync(`${folder}/self`)) return folder;
	throw new CliError(
		`cannot use '${folder}' as --host-proc: it shows no processes; mount the host's /proc there`,
		EXIT.usage,
	);
}

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { CliError, EXIT } from "./errors.ts";
import { type OptionSpecs, oneOf, type ParsedArguments, text, usageError } from "./options.ts";

/** How agents of one machine know of each other. */
export interface ControlOptions {
	/** A socket that the running agent listens on; undefined: nobody knows of it. */
	readonly socket: string | undefined;
	/** Take over from the agent that listens there, if there is one. */
	readonly takeover: boolean;
	/** What an agent does once another one has taken over. */
	readonly afterHandover: "exit" | "wait";
}

export const CONTROL_SPECS: OptionSpecs = {
	control: {
		type: "string",
		value: "SOCKET",
		help: "a Unix socket by which a second agent with the same option knows of this one",
	},
	takeover: { type: "boolean", help: "take over from the agent that listens on --control, without a gap" },
	"after-handover": {
		type: "string",
		value: "exit|wait",
		help: "once another one has taken over: exit (default), or wait for a signal, for supervisors that restart what exits",
	},
};

export const CONTROL_DEFAULTS: ControlOptions = { socket: undefined, takeover: false, afterHandover: "exit" };

export function parseControl(command: string, parsed: ParsedArguments): ControlOptions {
	const socket = text(parsed, "control");
	const takeover = parsed.values["takeover"] === true;
	const afterHandover = oneOf(command, parsed, "after-handover", ["exit", "wait"]);
	if (socket === undefined && (takeover || afterHandover !== undefined)) {
		throw usageError(command, `--${takeover ? "takeover" : "after-handover"} needs --control SOCKET`);
	}
	if (socket !== undefined && !existsSync(dirname(socket))) {
		throw new CliError(`cannot listen on '${socket}': the folder does not exist; create it`, EXIT.usage);
	}
	return { socket, takeover, afterHandover: afterHandover ?? CONTROL_DEFAULTS.afterHandover };
}

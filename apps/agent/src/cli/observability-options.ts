import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { LOG_LEVELS, type LogFormat, type LogLevel } from "../logging/logger.ts";
import { CliError, EXIT } from "./errors.ts";
import { hostPort, type OptionSpecs, oneOf, type ParsedArguments, text } from "./options.ts";

/** How the agent itself can be watched. */
export interface ObservabilityOptions {
	/** Where `/metrics`, `/healthz`, `/readyz` are served; undefined: nowhere. */
	readonly metricsListen: { readonly host: string; readonly port: number } | undefined;
	readonly logFormat: LogFormat;
	readonly logLevel: LogLevel;
	/** Have the kernel count what each program costs. */
	readonly measureProbes: boolean;
	/** Where SIGUSR2 writes the state; undefined: to stderr. */
	readonly stateFile: string | undefined;
}

export const OBSERVABILITY_SPECS: OptionSpecs = {
	"metrics-listen": {
		type: "string",
		value: "HOST:PORT",
		help: "serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9465; nothing listens unless asked",
	},
	"log-format": { type: "string", value: "text|json", help: "how the agent's own messages on stderr look" },
	"log-level": { type: "string", value: LOG_LEVELS.join("|"), help: "which of them are written, default info" },
	"measure-probes": {
		type: "boolean",
		help: "have the kernel count what each program costs: in /metrics, on /plan and on SIGUSR2; some 20 ns a run",
	},
	"state-file": { type: "string", value: "FILE", help: "where SIGUSR2 writes the whole state as JSON; else to stderr" },
};

export const OBSERVABILITY_DEFAULTS: ObservabilityOptions = {
	metricsListen: undefined,
	logFormat: "text",
	logLevel: "info",
	measureProbes: false,
	stateFile: undefined,
};

export function parseObservability(command: string, parsed: ParsedArguments): ObservabilityOptions {
	const listen = text(parsed, "metrics-listen");
	const stateFile = text(parsed, "state-file");
	if (stateFile !== undefined && !existsSync(dirname(stateFile))) {
		throw new CliError(`cannot write the state to '${stateFile}': the folder does not exist; create it`, EXIT.usage);
	}
	return {
		metricsListen: listen === undefined ? undefined : hostPort(command, "metrics-listen", listen),
		logFormat: oneOf(command, parsed, "log-format", ["text", "json"]) ?? OBSERVABILITY_DEFAULTS.logFormat,
		logLevel: oneOf(command, parsed, "log-level", LOG_LEVELS) ?? OBSERVABILITY_DEFAULTS.logLevel,
		measureProbes: parsed.values["measure-probes"] === true,
		stateFile,
	};
}

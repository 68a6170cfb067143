import { byteSize, type OptionSpecs, type ParsedArguments, text, usageError } from "./options.ts";

/** What the agent itself may use; it does less rather than more. */
export interface ProtectionOptions {
	/** CPUs: 0.1 is a tenth of one. Undefined: whatever it takes. */
	readonly cpus: number | undefined;
	/** Resident memory. Undefined: whatever it takes. */
	readonly memoryBytes: number | undefined;
}

export const PROTECTION_SPECS: OptionSpecs = {
	"cpu-budget": { type: "string", value: "CPU", help: "do less rather than use more than 10%, 0.1 or 100m of one CPU" },
	"memory-budget": { type: "string", value: "BYTES", help: "do less rather than use more memory: 150MB" },
};

export const PROTECTION_DEFAULTS: ProtectionOptions = { cpus: undefined, memoryBytes: undefined };

/** Less is not to be had: an agent that does nothing uses some of it. */
const LEAST_CPUS = 0.01;
const MOST_CPUS = 1024;

export function parseProtection(command: string, parsed: ParsedArguments): ProtectionOptions {
	const cpu = text(parsed, "cpu-budget");
	const memory = text(parsed, "memory-budget");
	return {
		cpus: cpu === undefined ? undefined : parseCpus(command, cpu),
		memoryBytes: memory === undefined ? undefined : byteSize(command, "memory-budget", memory, 64 << 20, 2 ** 40),
	};
}

const SCALES: Readonly<Record<string, number>> = { "": 1, "%": 100, m: 1000 };

function parseCpus(command: string, value: string): number {
	const [, digits, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*(%|m|)\s*$/.exec(value) ?? [];
	const cpus = Number(digits) / (SCALES[unit] as number);
	if (cpus >= LEAST_CPUS && cpus <= MOST_CPUS) return cpus;
	throw usageError(
		command,
		`--cpu-budget takes a part of one CPU, 1% or more, such as 10%, 0.1 or 100m; not '${value}'`,
	);
}

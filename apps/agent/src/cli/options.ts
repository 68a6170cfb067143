import { type ParseArgsConfig, parseArgs } from "node:util";
import { nearest } from "@wirescribe/filter/nearest";
import { CliError, EXIT } from "./errors.ts";

/** One option of a command: how it is parsed, and the line that `--help` prints for it. */
export interface OptionSpec {
	readonly type: "string" | "boolean";
	readonly multiple?: boolean;
	readonly short?: string;
	readonly value?: string;
	readonly help: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export interface ParsedArguments {
	readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
	readonly positionals: readonly string[];
}

/** Parses a command's arguments; what it does not know is a usage error that names the nearest option. */
export function parseCommand(
	command: string,
	args: readonly string[],
	specs: OptionSpecs,
	positionals: number,
): ParsedArguments {
	const options: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean", short: "h" } };
	for (const [name, spec] of Object.entries(specs)) {
		options[name] = {
			type: spec.type,
			...(spec.multiple ? { multiple: true } : {}),
			...(spec.short ? { short: spec.short } : {}),
		};
	}
	rejectUnknown(command, args, options);
	let parsed: ParsedArguments;
	try {
		parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true }) as ParsedArguments;
	} catch (error) {
		throw usageError(command, (error as Error).message.split("\n", 1)[0] as string);
	}
	if (!parsed.values["help"] && parsed.positionals.length > positionals) {
		throw usageError(command, `unexpected argument '${parsed.positionals[positionals]}'`);
	}
	return parsed;
}

function rejectUnknown(
	command: string,
	args: readonly string[],
	options: NonNullable<ParseArgsConfig["options"]>,
): void {
	for (const argument of args) {
		if (argument === "--") return;
		if (!argument.startsWith("--")) continue;
		const name = argument.slice(2).split("=", 1)[0] as string;
		if (name in options) continue;
		const near = nearest(name, Object.keys(options));
		throw usageError(command, `unknown option '--${name}'${near ? `, did you mean '--${near}'?` : ""}`);
	}
}

export function usageError(command: string, why: string): CliError {
	return new CliError(`${why} ('wirescribe ${command} --help' lists the options)`, EXIT.usage);
}

/** A list option that takes values with commas or again and again: `--port 80,443 --port 8080`. */
export function numberList(command: string, parsed: ParsedArguments, name: string, min: number, max: number): number[] {
	return stringList(parsed, name).map((text) => wholeNumber(command, name, text, min, max));
}

export function stringList(parsed: ParsedArguments, name: string): string[] {
	const value = parsed.values[name];
	const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
	return list.flatMap((entry) => String(entry).split(",")).filter((entry) => entry !== "");
}

export function wholeNumber(command: string, name: string, text: string, min: number, max: number): number {
	const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
	if (!(value >= min && value <= max)) {
		throw usageError(command, `--${name} takes a whole number from ${min} to ${max}, not '${text}'`);
	}
	return value;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

/** `400KB`, `64MB`, `1GB`, or bytes. */
export function byteSize(command: string, name: string, text: string, min: number, max: number): number {
	const match = /^(\d+)\s*([KMG]B|)$/i.exec(text);
	const bytes = Number(match?.[1]) * (UNITS[(match?.[2] ?? "").toUpperCase()] ?? Number.NaN);
	if (bytes >= min && bytes <= max) return bytes;
	throw usageError(command, `--${name} takes ${showSize(min)} to ${showSize(max)}, not '${text}'`);
}

function showSize(bytes: number): string {
	const unit = ["GB", "MB", "KB"].find((name) => bytes % (UNITS[name] as number) === 0) ?? "";
	return `${bytes / (UNITS[unit] as number)}${unit}`;
}

export function oneOf<const T extends string>(
	command: string,
	parsed: ParsedArguments,
	name: string,
	choices: readonly T[],
): T | undefined {
	const value = parsed.values[name];
	if (value === undefined) return undefined;
	if (choices.includes(value as T)) return value as T;
	throw usageError(command, `--${name} takes ${choices.join(" or ")}, not '${String(value)}'`);
}

export function text(parsed: ParsedArguments, name: string): string | undefined {
	const value = parsed.values[name];
	return typeof value === "string" ? value : undefined;
}

/** `HOST:PORT` or `[IPV6]:PORT`. */
export function hostPort(command: string, name: string, value: string): { host: string; port: number } {
	const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value);
	const port = Number(match?.[3]);
	if (!match || port > 65_535) {
		throw usageError(command, `--${name} takes HOST:PORT (an IPv6 address in brackets), not '${value}'`);
	}
	return { host: (match[1] ?? match[2]) as string, port };
}

/** Help for one command, made from the same table that parses it. */
export function helpText(usage: string, about: string, specs: OptionSpecs): string {
	const rows = Object.entries(specs).map(([name, spec]): [string, string] => [
		`  --${name}${spec.value ? ` ${spec.value}` : ""}`,
		spec.help,
	]);
	const width = Math.max(...rows.map(([left]) => left.length)) + 2;
	return `${usage}\n\n${about}\n\n${rows.map(([left, right]) => left.padEnd(width) + right).join("\n")}\n`;
}

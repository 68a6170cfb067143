import { existsSync } from "node:fs";
import { CliError, EXIT } from "../cli/errors.ts";
import type { ParsedArguments } from "../cli/options.ts";
import { type WatchOptions, watchOptions } from "../cli/watch-options.ts";
import { parseConfigFile, readConfigFile } from "./config-file.ts";
import { readEnvironment } from "./environment.ts";
import type { Environment } from "./placeholders.ts";
import { ConfigError, type Position, type Problem } from "./problem.ts";
import { type Setting, type SettingValue, showValue } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** Read when neither `--config` nor $WIRESCRIBE_CONFIG is given, if it exists. */
export const DEFAULT_FILE = "/etc/wirescribe/wirescribe.yaml";

/** Where a value comes from, the strongest first. */
export type Source =
	| { readonly kind: "flag"; readonly flag: string }
	| { readonly kind: "env"; readonly variable: string }
	| { readonly kind: "file"; readonly at: Position; readonly from: readonly string[] }
	| { readonly kind: "default" };

/** What holds of one key. */
export interface Effective {
	readonly setting: Setting;
	/** Undefined: nobody said anything, `setting.default` holds. */
	readonly value: SettingValue | undefined;
	readonly source: Source;
}

/** A configuration: what holds of each key, and the options that it makes. */
export interface Config {
	/** Undefined: there is none. */
	readonly file: string | undefined;
	/** What it holds. */
	readonly text: string;
	readonly values: readonly Effective[];
	readonly options: WatchOptions;
	readonly warnings: readonly Problem[];
}

/** Brings flags, environment, file and defaults together. Throws a {@link ConfigError} with everything that is wrong. */
export function loadConfig(parsed: ParsedArguments, environment: Environment): Config {
	const file = configFile(parsed, environment);
	return makeConfig(file, file === undefined ? "" : readConfigFile(file), parsed, environment);
}

function configFile(parsed: ParsedArguments, environment: Environment): string | undefined {
	const given = parsed.values["config"] ?? (environment["WIRESCRIBE_CONFIG"] || undefined);
	if (typeof given === "string") return given;
	return existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined;
}

/** The same of a file's text. */
export function makeConfig(
	file: string | undefined,
	text: string,
	parsed: ParsedArguments,
	environment: Environment,
): Config {
	const { values, warnings } = valuesOf(file, text, parsed, environment);
	return { file, text, options: optionsOf(values), values, warnings };
}

/**
 * The arguments of a command that looks on and sends nothing: what the same configuration says of the options in `taken` stands for
 * those that were not given. A recording comes from anywhere: this machine's configuration is not for it, unless it is named.
 */
export function configuredArguments(
	command: string,
	parsed: ParsedArguments,
	taken: readonly string[],
	environment: Environment,
): { readonly parsed: ParsedArguments; readonly warnings: readonly Problem[] } {
	if (parsed.positionals.length > 0 && parsed.values["config"] === undefined) return { parsed, warnings: [] };
	const file = configFile(parsed, environment);
	const text = file === undefined ? "" : readConfigFile(file);
	const { values, warnings } = valuesOf(file, text, parsed, environment);
	const own = values.filter(({ setting }) => taken.includes(setting.option));
	optionsOf(own, command);
	return { parsed: { ...parsed, values: { ...parsed.values, ...argumentsOf(own) } }, warnings };
}

/** What holds of each key. Throws a {@link ConfigError} with all that is wrong with one of them. */
function valuesOf(
	file: string | undefined,
	text: string,
	parsed: ParsedArguments,
	environment: Environment,
): Pick<Config, "values" | "warnings"> {
	const fromFile = parseConfigFile(file ?? "", text, environment);
	const fromEnvironment = readEnvironment(environment);
	const problems = [...fromFile.problems, ...fromEnvironment.problems];
	if (problems.length > 0) throw new ConfigError(problems);
	const values = SETTINGS.map((setting): Effective => {
		const { key, option } = setting;
		const flag = parsed.values[option];
		if (flag !== undefined && setting.flag !== false) {
			const value = setting.flag === "inverted" ? !flag : (flag as SettingValue);
			return { setting, value, source: { kind: "flag", flag: `--${option}` } };
		}
		const variable = fromEnvironment.entries.get(key);
		if (variable) return { setting, value: variable.value, source: { kind: "env", variable: variable.variable } };
		const entry = fromFile.entries.get(key);
		if (entry) return { setting, value: entry.value, source: { kind: "file", at: entry.at, from: entry.from } };
		return { setting, value: undefined, source: { kind: "default" } };
	});
	const absent = isOn(values, "backend-tls") ? values.filter(isAbsentExample) : [];
	const warnings = [...fromFile.warnings, ...fromEnvironment.warnings, ...absent.map(absentWarning)];
	const held = values.map((one) => (absent.includes(one) ? { ...one, value: undefined } : one));
	return { values: held, warnings };
}

/** The reference agent's own file names a client certificate that is not there: it means that there is none. */
function isAbsentExample({ value, source }: Effective): boolean {
	return source.kind === "file" && (value === "client.pem" || value === "client.key") && !existsSync(value);
}

function absentWarning({ setting, value, source }: Effective): Problem {
	const message = `${setting.key}: there is no file '${String(value)}': going without a client certificate`;
	return source.kind === "file" ? { at: source.at, message } : { message };
}

/** The options that the values make; what does not go together is a {@link ConfigError} in the words of the keys. */
export function optionsOf(values: readonly Effective[], command = "run"): WatchOptions {
	try {
		return watchOptions(command, { values: argumentsOf(values), positionals: [] });
	} catch (error) {
		if (!(error instanceof CliError) || error.exitCode !== EXIT.usage) throw error;
		const named = values.filter((one) => one.source.kind !== "flag" && mentions(error.message, one));
		if (named.length === 0) throw error;
		const place = named.find(({ source }) => source.kind === "file")?.source;
		const message = named.reduce(
			(text, { setting }) => text.replaceAll(optionPattern(setting), setting.key),
			error.message.replace(/ \('wirescribe .*$/, ""),
		);
		throw new ConfigError([{ ...(place?.kind === "file" ? { at: place.at } : {}), message }], error.excerpt);
	}
}

/** The values as the command line would have given them. */
function argumentsOf(values: readonly Effective[]): ParsedArguments["values"] {
	const tls = isOn(values, "backend-tls");
	const out: Record<string, string | boolean | string[] | undefined> = {};
	for (const { setting, value, source } of values) {
		const { option, type, flag } = setting;
		const said = source.kind === "flag" || (showValue(value) !== setting.default && !(isOfTls(setting) && !tls));
		if (value === undefined || !said) continue;
		if (type.kind === "boolean") out[option] = value !== (flag === "inverted") || undefined;
		else out[option] = typeof value === "object" ? [...value] : value;
	}
	return out;
}

function isOn(values: readonly Effective[], option: string): boolean {
	return values.some(({ setting, value }) => setting.option === option && value === true);
}

/** Certificates that a file or the environment names beside `enable_TLS: false` are for another day. */
function isOfTls({ option }: Setting): boolean {
	return /^backend-(ca|cert|key|name)$/.test(option);
}

function mentions(message: string, { setting, value }: Effective): boolean {
	return optionPattern(setting).test(message) || (setting.type.kind === "file" && message.includes(`'${value}'`));
}

function optionPattern({ option }: Setting): RegExp {
	return new RegExp(`--${option}(?![\\w-])`, "g");
}

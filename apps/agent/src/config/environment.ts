import { nearest } from "@wirescribe/filter/nearest";
import type { Environment } from "./placeholders.ts";
import type { Problem } from "./problem.ts";
import { readText, type SettingValue, variableOf } from "./setting.ts";
import { SETTINGS } from "./settings.ts";
import { ONLY, WITHOUT_MEANING } from "./without-meaning.ts";

/** What the environment says of one key. */
export interface EnvironmentEntry {
	readonly value: SettingValue;
	readonly variable: string;
}

/** Variables that are no keys. */
const OTHERS = ["WIRESCRIBE_CONFIG", "WIRESCRIBE_DEBUG", "WIRESCRIBE_FEATURES", "WIRESCRIBE_LIBBPF", "WIRESCRIBE_FFI"];

/** What the environment says of the keys: by our own name of a variable, else by the reference agent's. Empty is not set. */
export function readEnvironment(environment: Environment): {
	readonly entries: ReadonlyMap<string, EnvironmentEntry>;
	readonly warnings: readonly Problem[];
	readonly problems: readonly Problem[];
} {
	const entries = new Map<string, EnvironmentEntry>();
	const problems: Problem[] = [];
	for (const setting of SETTINGS) {
		const variable = [variableOf(setting), setting.env].find((name) => name !== undefined && environment[name]);
		if (variable === undefined) continue;
		const read = readText(setting.type, environment[variable] as string);
		if ("problem" in read) problems.push({ message: `environment: ${variable} (${setting.key}) ${read.problem}` });
		else entries.set(setting.key, { value: read.value, variable });
	}
	for (const [key, { allows, otherwise, env }] of Object.entries(ONLY)) {
		const text = environment[env] ?? "";
		if (!allows.test(text)) problems.push({ message: `environment: ${env} (${key}) is '${text}': ${otherwise}` });
	}
	return { entries, warnings: [...idleVariables(environment), ...unknownVariables(environment)], problems };
}

function idleVariables(environment: Environment): Problem[] {
	return WITHOUT_MEANING.flatMap(({ variables, why }) => {
		const set = variables.filter((name) => environment[name]);
		return set.length === 0 ? [] : [{ message: `environment: ${set.join(", ")}: without meaning here: ${why}` }];
	});
}

/** A misspelt variable would be silence: it is a warning, since others may have variables of such names. */
function unknownVariables(environment: Environment): Problem[] {
	const known = [...SETTINGS.map(variableOf), ...OTHERS];
	return Object.keys(environment)
		.filter((name) => name.startsWith("WIRESCRIBE_") && !known.includes(name))
		.map((name) => {
			const near = nearest(name, known);
			return { message: `environment: ${name} is no key of ours${near ? `, did you mean ${near}?` : ""}` };
		});
}

import { byteSize, hostPort, wholeNumber } from "../cli/options.ts";

/** What a key takes. */
export type SettingType =
	| { readonly kind: "boolean" | "text" | "file" | "address" }
	| { readonly kind: "choice"; readonly choices: readonly string[]; readonly also?: Readonly<Record<string, string>> }
	| { readonly kind: "number" | "size"; readonly min: number; readonly max: number; readonly or?: string }
	| {
			readonly kind: "list";
			readonly of: string;
			readonly min?: number;
			readonly max?: number;
			/** Commas belong to the items: text is one of them, text with several lines several. */
			readonly whole?: true;
	  };

/** An option's value in the form that the command line gives: text, a switch, or a list. */
export type SettingValue = string | boolean | readonly string[];

/** One key of the configuration: a row of the table in settings.ts. */
export interface Setting {
	/** Its place in the file: `core.backend.addr`. */
	readonly key: string;
	/** The name of the option of `run` that says the same, which is also how the rest of the agent knows it. */
	readonly option: string;
	/** `false`: not on the command line, where everybody could read it. `inverted`: the option switches off what the key switches on. */
	readonly flag?: false | "inverted";
	readonly type: SettingType;
	/** As a user would write it; empty: nothing. */
	readonly default: string;
	readonly about: string;
	/** The reference agent's name of the environment variable, understood beside our own. */
	readonly env?: string;
	/** Whether a reload applies it while the agent runs. */
	readonly reload: "live" | "restart";
	/** Never shown. */
	readonly secret?: true;
}

/** The environment variable of a key: WIRESCRIBE_, and the key in capitals, `_` for each dot. */
export function variableOf({ key }: Pick<Setting, "key">): string {
	return `WIRESCRIBE_${key.toUpperCase().replaceAll(".", "_")}`;
}

/** A text as the option's value, or why it cannot be one. */
export function readText(type: SettingType, text: string): { value: SettingValue } | { problem: string } {
	const refuse = (wanted: string): { problem: string } => ({ problem: `takes ${wanted}, not '${text}'` });
	switch (type.kind) {
		case "boolean":
			if (/^(true|on|yes|1)$/i.test(text)) return { value: true };
			if (/^(false|off|no|0)$/i.test(text)) return { value: false };
			return refuse("true or false");
		case "choice": {
			const value = type.also?.[text.toLowerCase()] ?? text;
			return type.choices.includes(value) ? { value } : refuse(type.choices.join(" or "));
		}
		case "list":
			return readList(type, text === "" ? [] : text.split(type.whole ? "\n" : ","));
		case "number":
			if (text === type.or) return { value: text };
			return attempt(text, () => wholeNumber("", "", text, type.min, type.max), type.or);
		case "size":
			return attempt(text, () => byteSize("", "", text, type.min, type.max));
		case "address":
			return attempt(text, () => hostPort("", "", text));
		default:
			return { value: text };
	}
}

/** The items of a list, each of them checked. */
export function readList(
	type: SettingType & { readonly kind: "list" },
	items: readonly string[],
): { value: SettingValue } | { problem: string } {
	const { min, max } = type;
	for (const item of items) {
		if (min === undefined || max === undefined) continue;
		const read = attempt(item, () => wholeNumber("", "", item, min, max));
		if ("problem" in read) return read;
	}
	return { value: items.map((item) => item.trim()).filter((item) => item !== "") };
}

/** How a value is shown: as it could be written in a file. */
export function showValue(value: SettingValue | undefined): string {
	if (value === undefined) return "";
	return Array.isArray(value) ? value.join(",") : String(value);
}

/** What the command line says of a wrong value says it of a key as well, but for its name. */
function attempt(text: string, read: () => unknown, or?: string): { value: SettingValue } | { problem: string } {
	try {
		read();
		return { value: text };
	} catch (error) {
		const problem = (error as Error).message.replace(/^-- /, "").replace(/ \('wirescribe .*$/, "");
		return { problem: or === undefined ? problem : problem.replace(", not", `, or ${or}, not`) };
	}
}

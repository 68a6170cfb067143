import { type Config, type Effective, optionsOf } from "./config.ts";
import { shownValue } from "./print.ts";
import { showValue } from "./setting.ts";

/** One key that is not what it was. */
export interface Change {
	readonly key: string;
	/** Without secrets; empty: nothing. */
	readonly before: string;
	readonly after: string;
	/** False: it needs a restart. */
	readonly live: boolean;
}

/** What differs between two configurations, key by key, in the order of the table. */
export function changesBetween(old: Config, now: Config): Change[] {
	const changes: Change[] = [];
	old.values.forEach((before, index) => {
		const after = now.values[index] as Effective;
		const { key, reload, option } = after.setting;
		const live = reload === "live";
		if (textOf(before) !== textOf(after)) {
			changes.push({ key, before: shownValue(before), after: shownValue(after), live });
		} else if (option === "backend-token" && after.value !== undefined && !sameToken(old, now)) {
			changes.push({ key, before: shownValue(before), after: `${shownValue(after)} with another token`, live });
		}
	});
	return changes;
}

/** One that nobody has said is the same as the default. */
function textOf({ setting, value }: Effective): string {
	return value === undefined ? setting.default : showValue(value);
}

function sameToken(old: Config, now: Config): boolean {
	return old.options.delivery.authentication === now.options.delivery.authentication;
}

/** What can be applied of a configuration while the agent runs: of keys that need a restart the old values go on. */
export function liveConfig(old: Config, now: Config): Config {
	const values = now.values.map((one, index) =>
		one.setting.reload === "live" ? one : (old.values[index] as Effective),
	);
	return { ...now, values, options: { ...optionsOf(values), kubernetes: old.options.kubernetes } };
}

/** A line that says of a change what a reload makes of it. */
export function changeLine({ key, before, after, live }: Change): string {
	const needs = live ? "" : "  (needs a restart: the old value goes on)";
	return `${key}: ${before || "-"} -> ${after || "-"}${needs}`;
}

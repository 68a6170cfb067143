import type { Config, Effective } from "./config.ts";
import { sourceText } from "./print.ts";
import { showValue } from "./setting.ts";
import { showBytes, type Tuned, type Tuning } from "./tuning.ts";

/** One number that `run` uses. */
export interface Explained {
	readonly name: string;
	readonly value: string;
	readonly reason: string;
}

/** Each number that `run` would use, and its reason: what somebody has set, or what the limits made of it. */
export function explainTuning(config: Config, tuning: Tuning): Explained[] {
	const one = new Map(config.values.map((effective) => [effective.setting.key, effective]));
	const set = (key: string): Effective | undefined => {
		const found = one.get(key);
		return found?.value === undefined ? undefined : found;
	};
	const derived = (name: string, { value, reason }: Tuned, show: (value: number) => string = String): Explained => {
		const given = set(name);
		if (!given) return { name, value: show(value), reason };
		return { name, value: showValue(given.value), reason: `set by ${sourceText(given.source)}; else ${show(value)}` };
	};
	const perf = config.options.queue === "perf";
	const partitions = perf
		? { name: "capture.partitions", value: "1", reason: "perf buffers belong to CPUs: one partition reads them all" }
		: derived("capture.partitions", tuning.partitions);
	return [
		partitions,
		derived("capture.ring_size", tuning.ringBytes, showBytes),
		lanes(set("core.backend.lanes"), tuning),
		{
			name: "memory for records that are not acknowledged",
			value: showBytes(tuning.retainedBytes.value),
			reason: tuning.retainedBytes.reason,
		},
	];
}

function lanes(given: Effective | undefined, { autoLanes }: Tuning): Explained {
	const name = "core.backend.lanes";
	if (given?.value === "auto") return { name, value: String(autoLanes.value), reason: autoLanes.reason };
	const auto = `auto would be ${autoLanes.value}`;
	if (given) return { name, value: showValue(given.value), reason: `set by ${sourceText(given.source)}; ${auto}` };
	return { name, value: "1", reason: `one connection carries more than a million records a second; ${auto}` };
}

import process from "node:process";
import type { NodeInfo } from "@wirescribe/access-log";
import type { RecordCounts } from "@wirescribe/pipeline";
import type { WatchOptions } from "../cli/watch-options.ts";
import type { DeliveryState, Outlet } from "./outlet.ts";
import { openSenderOutlet } from "./sender-outlet.ts";
import { StdoutOutlet } from "./stdout-outlet.ts";

/** What a partition must make for the outlets that the options ask for. */
export interface OutputPlan {
	readonly lines: "text" | "json" | undefined;
	readonly messages: boolean;
	readonly color: boolean;
}

/** With a backend, lines are made only when asked for; without one, always: text on a terminal, else JSON. */
export function planOutput(options: WatchOptions): OutputPlan {
	const terminal = process.stdout.isTTY === true;
	const byDefault = options.backend ? undefined : terminal ? "text" : "json";
	return { lines: options.output ?? byDefault, messages: options.backend !== undefined, color: terminal };
}

/** The outlets of a plan as one. The record identity is the backend's when there is one. */
export async function openOutlets(
	plan: OutputPlan,
	options: WatchOptions,
	node: () => NodeInfo,
	onGone: () => void,
): Promise<Outlet> {
	const outlets: Outlet[] = [];
	if (options.backend) {
		outlets.push(await openSenderOutlet(options.backend, options.delivery, node));
	}
	if (plan.lines) outlets.push(new StdoutOutlet(onGone));
	return {
		frames(buffer: ArrayBuffer): void {
			for (const outlet of outlets) outlet.frames(buffer);
		},
		counts(): RecordCounts {
			return (outlets[0] as Outlet).counts();
		},
		state(): DeliveryState {
			return (outlets[0] as Outlet).state();
		},
		async close(deadlineMs: number): Promise<void> {
			await Promise.all(outlets.map((outlet) => outlet.close(deadlineMs)));
		},
	};
}

import { type PlannedHook, type PlannedMap, type ProgramCost, planCapture } from "@wirescribe/bpf-programs";
import { EXIT, type ExitCode } from "../cli/errors.ts";
import type { WatchOptions } from "../cli/watch-options.ts";
import { partitionsOf } from "../config/tuning.ts";
import { type TlsOverview, tlsOverview } from "../doctor/tls.ts";
import { captureOptions } from "../live/open-kernel.ts";
import { CAPABILITIES, type Capability, heldCapabilities, missingText } from "./capabilities.ts";
import { COSTS } from "./costs.ts";
import { NEVER_SEEN, type ProcessVisibility, processVisibility } from "./invisible.ts";
import { kernelProblem } from "./kernel-facts.ts";

/** A hook, why it is there, and what it costs each call. */
export interface HookPlan extends PlannedHook {
	readonly why: string;
	readonly cost: string;
}

/** All that `run` would do to the machine with the same options. */
export interface Plan {
	readonly problems: readonly { readonly what: string; readonly exitCode: ExitCode }[];
	readonly hooks: readonly HookPlan[];
	/** Undefined: no TLS is read. */
	readonly tls: TlsOverview | undefined;
	readonly memory: {
		readonly kernelBytes: number;
		readonly queueBytes: number;
		readonly partitions: number;
		readonly agentBytes: number;
		readonly maps: readonly PlannedMap[];
	};
	readonly costs: typeof COSTS;
	readonly privileges: readonly (Capability & { readonly held: boolean })[];
	readonly processes: readonly ProcessVisibility[];
	readonly neverSeen: readonly string[];
	/** Once the programs run and the kernel counts what they cost. */
	readonly measured?: readonly ProgramCost[];
}

/** Looks at the machine and at the programs' object. Attaches nothing, changes nothing, needs no privilege. */
export function makePlan(options: WatchOptions): Plan {
	const partitions = partitionsOf(options);
	const { hooks, maps } = planCapture(captureOptions(options, partitions));
	const tls = options.tls ? tlsOverview() : undefined;
	const held = heldCapabilities();
	const privileges = CAPABILITIES.map((capability) => ({ ...capability, held: held(capability) }));
	const queueBytes = maps.find(({ name }) => name === "events")?.bytes ?? 0;
	const kernelBytes = maps.reduce((sum, { bytes }) => sum + bytes, 0) - queueBytes;
	return {
		problems: problems(options, privileges),
		hooks: hooks.map((hook) => ({ ...hook, ...reasonOf(hook) })),
		tls,
		memory: { kernelBytes, queueBytes, partitions, agentBytes: COSTS.agentMemoryMiB * 2 ** 20, maps },
		costs: COSTS,
		privileges,
		processes: processVisibility(tls?.files ?? [], tls?.notVisible ?? []),
		neverSeen: NEVER_SEEN,
	};
}

function problems({ queue }: WatchOptions, privileges: Plan["privileges"]): Plan["problems"] {
	const missing = privileges.filter(({ held, need }) => need === "required" && !held);
	const kernel = kernelProblem(queue);
	return [
		...missing.map((capability) => ({ what: missingText(capability), exitCode: EXIT.permission })),
		...(kernel && kernel.exitCode !== EXIT.permission
			? [{ what: `${kernel.name}: ${kernel.found}; ${kernel.todo}`, exitCode: kernel.exitCode }]
			: []),
	];
}

const PAID_BY_ALL = `${COSTS.otherNs} ns, on a watched connection ${COSTS.exchangeNs} ns`;

/** Why a hook is there, by what it is attached to. */
function reasonOf({ name }: PlannedHook): { why: string; cost: string } {
	const call = /sys_(enter|exit)_(\w+)$/.exec(name);
	if (!call) {
		const of = /process/.test(name)
			? ["processes that start and end", "each fork, exec and exit"]
			: ["connections that begin and end", "each change of a TCP socket's state"];
		return { why: of[0] as string, cost: `below 1000 ns ${of[1]}` };
	}
	const [, when, what = ""] = call;
	if (/connect|accept|close|shutdown/.test(what))
		return { why: `${when === "enter" ? "start" : "result"} of ${what}: who connects, who closes`, cost: PAID_BY_ALL };
	const sends = /write|send|splice/.test(what);
	if (when === "enter") return { why: `position and start of ${what}`, cost: "part of the exit's" };
	return { why: sends ? `bytes that ${what} sent` : `bytes that ${what} received`, cost: PAID_BY_ALL };
}

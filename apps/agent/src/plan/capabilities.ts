import { readFileSync } from "node:fs";
import { tracefsPath } from "@wirescribe/libbpf";

/** What a part of the agent is allowed by. */
export interface Capability {
	readonly name: string;
	/** Its number in linux/capability.h. */
	readonly bit: number;
	/** `required`: nothing works without. `recommended`: something is missing. `special`: for what only some ask. */
	readonly need: "required" | "recommended" | "special";
	/** What it is for. */
	readonly gives: string;
	/** What is without it, and what to do instead. */
	readonly without: string;
}

/** Every privilege that the agent makes use of. No more are needed: a test runs it with the first five, as an ordinary user. */
export const CAPABILITIES: readonly Capability[] = [
	{
		name: "CAP_BPF",
		bit: 39,
		need: "required",
		gives: "create maps, load programs",
		without: "nothing can be loaded into the kernel",
	},
	{
		name: "CAP_PERFMON",
		bit: 38,
		need: "required",
		gives: "programs that read the kernel's memory, attached to tracepoints and to functions of TLS libraries",
		without: "programs cannot be attached",
	},
	{
		name: "CAP_DAC_READ_SEARCH",
		bit: 2,
		need: "required",
		gives: "read tracefs, which belongs to root, and the TLS libraries of other users",
		without: "the tracepoints in /sys/kernel/tracing cannot be found; or give the agent's group access to it",
	},
	{
		name: "CAP_SYS_PTRACE",
		bit: 19,
		need: "recommended",
		gives: "see which program a process of another user runs, and which TLS libraries it has",
		without: "processes of other users have no program path, and only the system's TLS libraries are read",
	},
	{
		name: "CAP_NET_ADMIN",
		bit: 12,
		need: "recommended",
		gives: "ask connection tracking who is behind a service's address",
		without: "records have no `peer` where addresses are translated",
	},
	{
		name: "CAP_SYS_ADMIN",
		bit: 21,
		need: "special",
		gives: "mount tracefs where it is missing, ask connection tracking of other network namespaces, --measure-probes",
		without: "tracefs has to be mounted already, and peers are known as the agent's own network namespace knows them",
	},
];

const ROOT_CAPABILITY = 21;

/**
 * Which of them this process has, or need not have: CAP_SYS_ADMIN stands in for CAP_BPF and CAP_PERFMON (capabilities(7)), and
 * whoever may enter tracefs as it is needs no capability for it.
 */
export function heldCapabilities(): (capability: Capability) => boolean {
	const status = readFileSync("/proc/self/status", "latin1");
	const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
	const has = (bit: number): boolean => (effective & (1n << BigInt(bit))) !== 0n;
	return ({ bit, name }) =>
		has(bit) ||
		(has(ROOT_CAPABILITY) && /^CAP_(BPF|PERFMON)$/.test(name)) ||
		(name === "CAP_DAC_READ_SEARCH" && canEnterTracefs());
}

function canEnterTracefs(): boolean {
	try {
		return tracefsPath() !== "";
	} catch {
		return false;
	}
}

/** Those of a kind that this process does not have. */
export function missingCapabilities(need: Capability["need"]): Capability[] {
	const held = heldCapabilities();
	return CAPABILITIES.filter((capability) => capability.need === need && !held(capability));
}

/** One line on a capability that is missing. */
export function missingText({ gives, name, without }: Capability): string {
	return `${name} is missing (to ${gives}): ${without}`;
}

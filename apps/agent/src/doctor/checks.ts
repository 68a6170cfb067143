import process from "node:process";
import { dlopen } from "@wirescribe/ffi";
import { kernelFeatures, libraryPath, mountTracefs } from "@wirescribe/libbpf";
import { EXIT, type ExitCode } from "../cli/errors.ts";
import type { KubernetesOptions } from "../cli/kubernetes-options.ts";
import type { WatchOptions } from "../cli/watch-options.ts";
import { whyUnreachable } from "../output/backend-reach.ts";
import { type Capability, missingCapabilities, missingText } from "../plan/capabilities.ts";
import { kernelFacts } from "../plan/kernel-facts.ts";
import { cgroupLimits } from "./cgroup-limits.ts";
import { whyClusterFails, whyPortFails } from "./outside-checks.ts";

/** One thing looked at: whether it works, what was found, and what to do when it does not. */
export interface Check {
	readonly name: string;
	readonly ok: boolean;
	readonly found: string;
	readonly todo: string | null;
	/** The exit code when this fails; the first failing check decides. */
	readonly exitCode: ExitCode;
}

/** Everything that the options need of this machine. */
export async function allChecks({ backend, kubernetes, observability, queue }: WatchOptions): Promise<Check[]> {
	const checks = [runtime(), guard("ffi", ffi), guard("libbpf", library)];
	if (checks.at(-1)?.ok) {
		checks.push(guard("capabilities", capabilities), ...kernel(queue), guard("tracefs", tracefs));
	}
	checks.push(guard("cgroup", cgroup));
	const { metricsListen } = observability;
	if (metricsListen) checks.push(await port(metricsListen));
	if (backend) checks.push(await reach(backend));
	if (kubernetes) checks.push(await cluster(kubernetes));
	return checks;
}

function runtime(): Check {
	const name = "Deno" in globalThis ? "Deno" : process.versions["bun"] ? "Bun" : "Node";
	const versions = process.versions as Record<string, string | undefined>;
	const version = versions[name.toLowerCase()] ?? process.version;
	const ok = process.platform === "linux";
	return {
		name: "runtime",
		ok,
		found: `${name} ${version}, ${process.platform} ${process.arch}`,
		todo: ok ? null : "capture needs Linux; 'wirescribe replay' and 'collect' run here",
		exitCode: EXIT.unsupported,
	};
}

function ffi(): Check {
	const libc = dlopen("libc.so.6", { getpid: { args: [], returns: "i32" } });
	const ok = libc.symbols.getpid() === process.pid;
	libc.close();
	return {
		name: "ffi",
		ok,
		found: ok ? libc.backend : `${libc.backend} gives wrong answers`,
		todo: ok ? null : "use Node 26.1 or newer, Bun, Deno, or install koffi",
		exitCode: EXIT.unsupported,
	};
}

function capabilities(): Check {
	const missing = missingCapabilities("required");
	const fewer = missingCapabilities("recommended");
	const names = (list: readonly Capability[]): string => list.map(({ name }) => name).join(", ");
	return {
		name: "capabilities",
		ok: missing.length === 0,
		found:
			missing.length > 0
				? `missing: ${names(missing)}`
				: fewer.length > 0
					? `those that are required; without ${fewer.map(({ name, without }) => `${name} ${without}`).join("; ")}`
					: "all that are needed",
		todo: missing.length > 0 ? `run as root, or grant ${names(missing)}: ${missing.map(missingText).join("; ")}` : null,
		exitCode: EXIT.permission,
	};
}

function library(): Check {
	kernelFeatures();
	return { name: "libbpf", ok: true, found: libraryPath(), todo: null, exitCode: EXIT.unsupported };
}

/** A queue of the other kind is no failure. */
function kernel(queue: "ring" | "perf"): Check[] {
	return kernelFacts().map(({ name, ok, found, todo, exitCode, queue: only }) => ({
		name,
		ok: ok || (only !== undefined && only !== queue),
		found,
		todo: ok ? null : todo,
		exitCode,
	}));
}

function tracefs(): Check {
	return { name: "tracefs", ok: true, found: mountTracefs(), todo: null, exitCode: EXIT.unsupported };
}

async function reach(backend: { host: string; port: number }): Promise<Check> {
	const why = await whyUnreachable(backend);
	const address = `${backend.host}:${backend.port}`;
	return {
		name: "backend",
		ok: why === undefined,
		found: `${address} ${why ?? "accepts connections"}`,
		todo:
			why === undefined
				? null
				: `start a collector there ('wirescribe collect --listen ${address}'), or check the address`,
		exitCode: EXIT.runtime,
	};
}

/** Below this much memory the agent's own heap, its rings and its retained records do not fit. */
const LEAST_MEMORY_BYTES = 192 << 20;

function cgroup(): Check {
	const { cpus, memoryBytes } = cgroupLimits();
	const enough = memoryBytes === undefined || memoryBytes >= LEAST_MEMORY_BYTES;
	const memory = memoryBytes === undefined ? "no limit of memory" : `${Math.round(memoryBytes / 2 ** 20)} MiB`;
	return {
		name: "cgroup",
		ok: enough,
		found: `${memory}, ${cpus === undefined ? "no limit of CPU" : `${cpus} CPUs`}`,
		todo: enough
			? null
			: `allow ${LEAST_MEMORY_BYTES >> 20} MiB or more (memory.max, MemoryMax=, resources.limits.memory)`,
		exitCode: EXIT.runtime,
	};
}

async function port(listen: { host: string; port: number }): Promise<Check> {
	const why = await whyPortFails(listen);
	return {
		name: "metrics",
		ok: why === undefined,
		found: `${listen.host}:${listen.port} ${why ?? "is free"}`,
		todo: why === undefined ? null : "choose another address or port with --metrics-listen",
		exitCode: EXIT.runtime,
	};
}

async function cluster(kubernetes: KubernetesOptions): Promise<Check> {
	const { failure, pods } = await whyClusterFails(kubernetes);
	const { config, nodeName } = kubernetes;
	const none = failure === undefined && pods === 0;
	return {
		name: "kubernetes",
		ok: failure === undefined && !none,
		found: failure ?? `${config.server}: ${pods} pods on node '${nodeName}'`,
		todo: none
			? "tell the node's name with --node-name or NODE_NAME"
			: failure === undefined
				? null
				: "the agent runs without: its connections have no pods' names; allow it to list and watch pods and services",
		exitCode: EXIT.runtime,
	};
}

/** Runs a check that may throw: then the error is what was found. */
function guard(name: string, check: () => Check): Check {
	try {
		return check();
	} catch (error) {
		const { message } = error as Error;
		const denied = /EPERM|EACCES|not permitted/i.test(message);
		return {
			name,
			ok: false,
			found: message.split("\n", 1)[0] as string,
			todo: denied ? "run as root, or grant CAP_BPF and CAP_PERFMON" : "see the message",
			exitCode: denied ? EXIT.permission : EXIT.unsupported,
		};
	}
}

import process from "node:process";
import { type KernelFeatures, kernelFeatures } from "@wirescribe/libbpf";
import { EXIT, type ExitCode } from "../cli/errors.ts";

/** Oldest kernel: `bpf_task_pt_regs` and BTF of tracepoints' arguments. */
const FLOOR = [5, 15] as const;

/** Something of the kernel that the agent needs: what was found, and what to do if it will not do. */
export interface KernelFact {
	readonly name: string;
	readonly ok: boolean;
	readonly found: string;
	readonly todo: string;
	readonly exitCode: ExitCode;
	/** With these options it can do without. */
	readonly queue?: "ring" | "perf";
}

/**
 * The kernel's features as the agent judges them. `WIRESCRIBE_FEATURES` takes some away, to see what an older kernel would answer:
 * `kernel=5.10`, `btf=no`, `ringBuffers=no`, separated by commas.
 */
export function kernelFacts(mask: string = process.env["WIRESCRIBE_FEATURES"] ?? ""): KernelFact[] {
	const features = masked(kernelFeatures(), mask);
	const [major, minor] = features.version;
	const fact = (name: string, answer: string, todo: string, queue?: "ring" | "perf"): KernelFact => ({
		name,
		ok: answer === "yes",
		found: answer,
		todo: answer === "EPERM" ? "grant CAP_BPF and CAP_PERFMON, or run as root" : todo,
		exitCode: answer === "EPERM" ? EXIT.permission : EXIT.unsupported,
		...(queue ? { queue } : {}),
	});
	return [
		{
			name: "kernel",
			ok: major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1]),
			found: features.release,
			todo: `use Linux ${FLOOR.join(".")} or newer`,
			exitCode: EXIT.unsupported,
		},
		fact("btf", features.btf, "use a kernel with CONFIG_DEBUG_INFO_BTF=y (it shows as /sys/kernel/btf/vmlinux)"),
		fact("bpf", features.bpf, "use a kernel with CONFIG_BPF_SYSCALL=y"),
		fact("tracepoints", features.tracepointPrograms, "use a kernel with CONFIG_BPF_EVENTS=y"),
		fact("ring buffers", features.ringBuffers, "use --queue perf", "ring"),
		fact("perf buffers", features.perfBuffers, "use --queue ring", "perf"),
	];
}

/** The first fact that stands in the way of these options. */
export function kernelProblem(queue: "ring" | "perf"): KernelFact | undefined {
	return kernelFacts().find((fact) => !fact.ok && (fact.queue === undefined || fact.queue === queue));
}

function masked(features: KernelFeatures, mask: string): KernelFeatures {
	if (mask === "") return features;
	const given = Object.fromEntries(mask.split(",").map((entry) => entry.split("=", 2) as [string, string]));
	const { kernel, ...answers } = given;
	if (kernel === undefined) return { ...features, ...answers };
	const [major = 0, minor = 0] = kernel.split(".").map(Number);
	return { ...features, ...answers, release: `${kernel} (by WIRESCRIBE_FEATURES)`, version: [major, minor] };
}

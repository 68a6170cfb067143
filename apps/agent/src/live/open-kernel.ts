import { type Capture, CaptureError, type CaptureOptions, openCapture } from "@wirescribe/bpf-programs";
import { BpfError } from "@wirescribe/libbpf";
import { CliError, EXIT, type ExitCode } from "../cli/errors.ts";
import type { WatchOptions } from "../cli/watch-options.ts";
import { log } from "../logging/log.ts";
import { missingCapabilities, missingText } from "../plan/capabilities.ts";
import { kernelProblem } from "../plan/kernel-facts.ts";
import { ownPid } from "./own-pid.ts";
import { kernelSelection } from "./selection.ts";

/** What is added to the options of a run. */
export interface KernelSetup {
	/** The selection may change later. */
	readonly reselect?: boolean;
	/** Agents beside this one, whose connections are nobody's business either. */
	readonly others?: readonly number[];
}

/** What the programs are opened with. */
export function captureOptions(options: WatchOptions, rings: number, setup: KernelSetup = {}): CaptureOptions {
	const { reselect = false, others = [] } = setup;
	return {
		rings,
		queue: options.queue,
		ringBytes: options.ringBytes,
		allOperations: options.tcpOperations,
		select: kernelSelection(options.selection),
		reselect,
		excludePids: [ownPid(options.proc), ...others],
	};
}

/** Loads and attaches the programs; what the kernel refuses comes back as one line with what to do. */
export function openKernel(options: WatchOptions, rings: number, setup: KernelSetup = {}): Capture {
	checkPrivileges();
	const problem = kernelProblem(options.queue);
	if (problem) {
		const { name, found, todo, exitCode } = problem;
		throw new CliError(`cannot watch the kernel: ${name}: ${found}; ${todo}`, exitCode);
	}
	try {
		return openCapture(captureOptions(options, rings, setup));
	} catch (error) {
		throw kernelError(error);
	}
}

/** Says of each privilege that is missing what it is missed for; without those that are required there is no start. */
function checkPrivileges(): void {
	const required = missingCapabilities("required");
	if (required.length > 0) {
		throw new CliError(
			`cannot watch the kernel: ${required.map(missingText).join("; ")}; or run as root`,
			EXIT.permission,
		);
	}
	for (const capability of missingCapabilities("recommended")) log.warn(missingText(capability), { pauseMs: 0 });
}

function kernelError(error: unknown): unknown {
	if (!(error instanceof BpfError) && !(error instanceof CaptureError)) return error;
	const errno = error instanceof BpfError ? error.errno : "";
	const log = error instanceof BpfError ? error.log : "";
	const wrap = (message: string, exitCode: ExitCode): CliError => new CliError(message, exitCode, { cause: error });
	if (errno === "EPERM" || errno === "EACCES") {
		const why = "not permitted, although the capabilities are there: a security module, or kernel lockdown, refuses it";
		return wrap(`cannot watch the kernel: ${why} (${error.message})`, EXIT.permission);
	}
	if (/vmlinux BTF|BTF is required|failed to find valid kernel BTF/.test(log)) {
		const todo = "use a kernel with CONFIG_DEBUG_INFO_BTF=y (it shows as /sys/kernel/btf/vmlinux)";
		return wrap(`cannot watch the kernel: it offers no BTF; ${todo}`, EXIT.unsupported);
	}
	return wrap(`${error.message} ('wirescribe doctor' says what works here)`, EXIT.unsupported);
}

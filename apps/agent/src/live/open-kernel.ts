import { type Capture, CaptureError, openCapture } from "@wirescribe/bpf-programs";
import { BpfError } from "@wirescribe/libbpf";
import { CliError, EXIT, type ExitCode } from "../cli/errors.ts";
import type { WatchOptions } from "../cli/watch-options.ts";
import { ownPid } from "./own-pid.ts";
import { kernelSelection } from "./selection.ts";

/** Loads and attaches the programs, the selection of which may change later if that is said; what the kernel refuses comes back as one line with what to do. */
export function openKernel(options: WatchOptions, rings: number, reselect = false): Capture {
	try {
		return openCapture({
			rings,
			queue: options.queue,
			ringBytes: options.ringBytes,
			allOperations: options.tcpOperations,
			select: kernelSelection(options.selection),
			reselect,
			excludePids: [ownPid(options.proc)],
		});
	} catch (error) {
		throw kernelError(error);
	}
}

function kernelError(error: unknown): unknown {
	if (!(error instanceof BpfError) && !(error instanceof CaptureError)) return error;
	const errno = error instanceof BpfError ? error.errno : "";
	const log = error instanceof BpfError ? error.log : "";
	const wrap = (message: string, exitCode: ExitCode): CliError => new CliError(message, exitCode, { cause: error });
	if (errno === "EPERM" || errno === "EACCES") {
		return wrap(
			"cannot watch the kernel: not permitted; run as root, or with CAP_BPF and CAP_PERFMON",
			EXIT.permission,
		);
	}
	if (/vmlinux BTF|BTF is required|failed to find valid kernel BTF/.test(log)) {
		const todo = "use a kernel with CONFIG_DEBUG_INFO_BTF=y (it shows as /sys/kernel/btf/vmlinux)";
		return wrap(`cannot watch the kernel: it offers no BTF; ${todo}`, EXIT.unsupported);
	}
	return wrap(`${error.message} ('wirescribe doctor' says what works here)`, EXIT.unsupported);
}

import { CaptureError } from "./capture-error.ts";
import type { Reads } from "./options.ts";

const oldestKernel = [5, 15] as const;
/** The first one with `bpf_rdonly_cast`. */
const directKernel = [6, 2] as const;
/** The first one that attaches a program to many user-space functions by one link. */
const manyLinksKernel = [6, 6] as const;

/** How the programs read kernel memory, as far as the kernel's release tells. */
export function firstReads(text: string): Reads {
	return isAtLeast(text, directKernel) ? "direct" : "probed";
}

/** The prebuilt object for a machine, as `process.arch` names it. */
export function objectFile(arch: string, reads: Reads): URL {
	const name = reads === "direct" ? "capture-direct" : "capture";
	if (arch === "x64" || arch === "arm64") return new URL(`../prebuilt/${arch}/${name}.bpf.o`, import.meta.url);
	throw new CaptureError(
		"ERR_CAPTURE_ARCH",
		`Cannot find BPF programs for ${arch}: there are x64 and arm64: build the package's bpf/ for this machine`,
	);
}

/** Throws when the kernel is too old. */
export function checkKernel(text: string): void {
	if (isAtLeast(text, oldestKernel)) return;
	throw new CaptureError(
		"ERR_CAPTURE_KERNEL",
		`Cannot capture on Linux ${text}: the programs need ${oldestKernel.join(".")} or later: use a newer kernel`,
	);
}

function isAtLeast(text: string, [wantedMajor, wantedMinor]: readonly [number, number]): boolean {
	const [major = 0, minor = 0] = text.split(/[.-]/).map(Number);
	return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** Whether one link takes many user-space functions there. */
export function takesManyLinks(text: string): boolean {
	return isAtLeast(text, manyLinksKernel);
}

import { type ElfFile, viewOf } from "./elf-file.ts";

/**
 * What a probe on an instruction costs: `emulated` by the kernel (0.5 to 1.5 us, measured), or `stepped`, run out of its place with
 * two exceptions (1 us, and 10 us in a virtual machine). Unknown for other processors than x86-64.
 */
export type ProbeCost = "emulated" | "stepped" | "unknown";

const MACHINE_X86_64 = 62;

/** Whether the file's code is for x86-64. */
export function isX86(file: ElfFile): boolean {
	return viewOf(file.source, 18, 2, "its machine").getUint16(0, true) === MACHINE_X86_64;
}

/** What a probe on the instruction at this offset of the file costs. */
export function probeCost(file: ElfFile, offset: number): ProbeCost {
	const length = Math.min(2, file.source.size - offset);
	if (length < 2 || !isX86(file)) return "unknown";
	const code = viewOf(file.source, offset, length, "an instruction");
	return isEmulated(code.getUint8(0), code.getUint8(1)) ? "emulated" : "stepped";
}

/** Linux, arch/x86/kernel/uprobes.c: push, nop, and jumps and calls to a fixed place. */
export function isEmulated(first: number, second: number): boolean {
	const isPush = (code: number): boolean => code >= 0x50 && code <= 0x57;
	if (isPush(first) || (first === 0x41 && isPush(second))) return true;
	if (first === 0x90 || (first >= 0x70 && first <= 0x7f) || [0xe8, 0xe9, 0xeb].includes(first)) return true;
	return first === 0x0f && (second === 0x1f || (second >= 0x80 && second <= 0x8f));
}

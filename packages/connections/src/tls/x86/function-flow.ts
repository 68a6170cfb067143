import { decode, type Instruction } from "./instruction.ts";

/** All ways through a function. */
export interface FunctionFlow {
	/** Those that can be reached, by place; none overlaps another. */
	readonly instructions: readonly Instruction[];
	/** Places that a branch or a jump leads to. */
	readonly joined: ReadonlySet<number>;
	/** How far the stack pointer is from where it was at the start, before each instruction. */
	readonly depth: ReadonlyMap<number, number>;
}

/** Functions that are longer are not worth it. */
const MAX_INSTRUCTIONS = 512;

/**
 * Follows every way from the start of a function's code to its ends. Undefined when there is anything on them that is not known for
 * certain: an instruction that is not in the table, a jump by a register, a stack pointer that differs by the way. Bounded, for any bytes.
 */
export function functionFlow(code: Uint8Array): FunctionFlow | undefined {
	const found = new Map<number, Instruction>();
	const joined = new Set<number>();
	const depth = new Map<number, number>([[0, 0]]);
	const open = [0];
	for (let at = open.pop(); at !== undefined; at = open.pop()) {
		const instruction = decode(code, at);
		if (instruction === undefined || Number.isNaN(instruction.stack) || found.size >= MAX_INSTRUCTIONS)
			return undefined;
		found.set(at, instruction);
		const after = (depth.get(at) as number) + instruction.stack;
		const next = successors(instruction, code.length);
		if (next === undefined) return undefined;
		if (isJoin(instruction, code.length)) joined.add(instruction.target);
		for (const place of next) {
			const known = depth.get(place);
			if (known !== undefined && known !== after) return undefined;
			depth.set(place, after);
			if (known === undefined) open.push(place);
		}
	}
	const instructions = [...found.values()].sort((a, b) => a.offset - b.offset);
	return instructions.some((one, index) => one.offset + one.length > (instructions[index + 1]?.offset ?? code.length))
		? undefined
		: { instructions, joined, depth };
}

/** A jump out of the function is its end: the function that it leads to returns to the caller. */
export function isTailJump({ flow, target }: Instruction, size: number): boolean {
	return flow === "jump" && (target < 0 || target >= size);
}

/** The last instruction of the code: a function that does not return, such as the one that reports a broken stack. */
export function isLastCall({ flow, offset, length }: Instruction, size: number): boolean {
	return flow === "call" && offset + length === size;
}

function isJoin(instruction: Instruction, size: number): boolean {
	return instruction.flow === "branch" || (instruction.flow === "jump" && !isTailJump(instruction, size));
}

/** Where it goes on; undefined when a way leads out of the function that is no end of it. */
function successors(instruction: Instruction, size: number): number[] | undefined {
	const { flow, target } = instruction;
	const end = instruction.offset + instruction.length;
	if (flow === "return" || isTailJump(instruction, size) || isLastCall(instruction, size)) return [];
	const next = flow === "jump" ? [target] : flow === "branch" ? [end, target] : [end];
	return next.every((place) => place >= 0 && place < size) ? next : undefined;
}

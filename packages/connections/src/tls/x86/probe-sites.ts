import { type FunctionFlow, functionFlow, isLastCall, isTailJump } from "./function-flow.ts";
import { decode, type Instruction, REGISTER } from "./instruction.ts";

/** A place for a probe, in bytes from the start of the function. */
export interface ProbeSite {
	readonly offset: number;
	/** The probe runs when the function returns to its caller; the stack pointer is at the return address here. */
	readonly atReturn: boolean;
	readonly emulated: boolean;
}

/** Where a call can be seen coming and going. */
export interface FunctionSites {
	/** Passed once in every call, with the arguments still in their registers. */
	readonly entry: ProbeSite;
	/** Every call passes one of them last, its result in rax. */
	readonly exits: readonly ProbeSite[];
}

/** Prologues are shorter. */
const MAX_PROLOGUE = 16;

/**
 * Cheaper sites than a function's start, where there are any: an instruction that the kernel emulates, and on every way to it
 * nothing that changes the `wanted` registers; then either the return address is still where the stack pointer is, so that
 * one site does for both, or every way out is known. Undefined when nothing better can be proven.
 */
export function probeSites(code: Uint8Array, wanted: number): FunctionSites | undefined {
	const entry = entrySite(code, wanted);
	if (entry === undefined || entry.offset === 0) return undefined;
	const site: ProbeSite = { offset: entry.offset, atReturn: false, emulated: true };
	if (entry.depth === 0) return { entry: site, exits: [{ ...site, atReturn: true }] };
	const flow = functionFlow(code);
	const exits = flow && exitsOf(flow, code.length);
	return exits && exits.length > 0 ? { entry: site, exits } : undefined;
}

/**
 * The first emulated instruction in a straight line from the start, before one of the wanted registers is changed, and how far the stack
 * pointer is by then. Every call that does not begin anew passes it once.
 */
export function entrySite(code: Uint8Array, wanted: number): { offset: number; depth: number } | undefined {
	let depth = 0;
	for (let at = 0, count = 0; count < MAX_PROLOGUE; count++) {
		const instruction = decode(code, at);
		if (instruction === undefined) return undefined;
		if (instruction.emulated) return jumpsInto(code, at) ? undefined : { offset: at, depth };
		if (instruction.flow !== "next" || (instruction.writes & wanted) !== 0) return undefined;
		depth += instruction.stack;
		at += instruction.length;
	}
	return undefined;
}

/** Where a function is called with the `wanted` registers as this one was called, if that is the first thing it does. */
export function passedOn(code: Uint8Array, wanted: number): number | undefined {
	const entry = entrySite(code, wanted);
	const instruction = entry && decode(code, entry.offset);
	return instruction?.flow === "call" ? instruction.target : undefined;
}

/** The functions that this one calls, by place; none when its ways are not known for certain. */
export function callsOf(code: Uint8Array): number[] {
	const calls = functionFlow(code)?.instructions.filter(({ flow }) => flow === "call") ?? [];
	return calls.map(({ target }) => target);
}

/**
 * Whether anything in the code may be a jump to behind its start and up to `site`: then a call could pass the site twice.
 * Looks at every byte as if an instruction began there, so that it needs to know none.
 */
function jumpsInto(code: Uint8Array, site: number): boolean {
	const view = new DataView(code.buffer, code.byteOffset, code.length);
	const hits = (target: number): boolean => target > 0 && target <= site;
	for (let at = 0; at + 2 <= code.length; at++) {
		const [first, second] = [view.getUint8(at), view.getUint8(at + 1)];
		if (((first & 0xf0) === 0x70 || first === 0xeb || (first & 0xfc) === 0xe0) && hits(at + 2 + view.getInt8(at + 1))) {
			return true;
		}
		if (first === 0xe9 && at + 5 <= code.length && hits(at + 5 + view.getInt32(at + 1, true))) return true;
		const long = first === 0x0f && (second & 0xf0) === 0x80 && at + 6 <= code.length;
		if (long && hits(at + 6 + view.getInt32(at + 2, true))) return true;
	}
	return false;
}

/** One site for each end of the function; undefined when one has none. */
function exitsOf(flow: FunctionFlow, size: number): ProbeSite[] | undefined {
	const exits: ProbeSite[] = [];
	for (const [index, instruction] of flow.instructions.entries()) {
		const tail = isTailJump(instruction, size);
		if (instruction.flow !== "return" && !tail) continue;
		// The return address is where the stack pointer is, or this is not what it seems to be.
		if (flow.depth.get(instruction.offset) !== 0) return undefined;
		exits.push(tail ? { offset: instruction.offset, atReturn: true, emulated: true } : beforeReturn(flow, index, size));
	}
	return exits;
}

/** Walks back from a return, as long as there is one way only and rax stays what it is. */
function beforeReturn(flow: FunctionFlow, index: number, size: number): ProbeSite {
	const { instructions, joined } = flow;
	const end = instructions[index] as Instruction;
	for (let i = index; i > 0 && !joined.has(instructions[i]!.offset); i--) {
		const before = instructions[i - 1] as Instruction;
		const follows = before.offset + before.length === instructions[i]!.offset;
		if (!follows || !leadsOnlyOn(flow, before, size)) break;
		if (before.emulated) return { offset: before.offset, atReturn: false, emulated: true };
		if ((before.writes & REGISTER.rax) !== 0) break;
	}
	return { offset: end.offset, atReturn: false, emulated: false };
}

/** Who passes it comes to the next instruction, or never returns. */
function leadsOnlyOn(flow: FunctionFlow, { flow: kind, target }: Instruction, size: number): boolean {
	if (kind === "next") return true;
	const taken = kind === "branch" ? flow.instructions.find(({ offset }) => offset === target) : undefined;
	return taken !== undefined && isLastCall(taken, size);
}

import { isEmulated } from "../probe-cost.ts";

/** What an instruction does, as far as the search for probe sites has to know. */
export interface Instruction {
	/** Bytes from the start of the code. */
	readonly offset: number;
	readonly length: number;
	readonly flow: Flow;
	/** Of a branch, a jump or a call: where to, in bytes from the start of the code. */
	readonly target: number;
	/** Registers it may change, by {@linkcode REGISTER}. */
	readonly writes: number;
	/** By how much it moves the stack pointer; NaN when that cannot be told. */
	readonly stack: number;
	/** The kernel emulates it when a probe is there, instead of stepping over it. */
	readonly emulated: boolean;
}

export type Flow = "next" | "branch" | "jump" | "call" | "return";

/** One bit for each register, by its number in the encoding. */
export const REGISTER: Readonly<Record<"rax" | "rcx" | "rbx" | "rsp" | "rsi" | "rdi" | "r14", number>> = {
	rax: 1 << 0,
	rcx: 1 << 1,
	rbx: 1 << 3,
	rsp: 1 << 4,
	rsi: 1 << 6,
	rdi: 1 << 7,
	r14: 1 << 14,
};

/** Those that a function may change: rax, rcx, rdx, rsi, rdi, r8 to r11. */
const CALLER_SAVED = 0b1111_1100_0111;
const STACK_POINTER = 4;

/** The operand that is written: of the ModRM byte, or in the opcode's lowest bits. */
type Written = "nothing" | "reg" | "rm" | "opcode" | "rax";

interface Row {
	readonly first: number;
	readonly last: number;
	/** A ModRM byte follows. */
	readonly modrm?: true;
	/** Bytes of a number that follows. */
	readonly immediate?: 1 | 4;
	readonly writes?: Written;
	readonly flow?: Flow;
}

/** Behind the byte 0x0f. */
const LONG = 0x0f00;

/** What occurs around the start and the end of the functions that are looked at: 20 rows. Anything else ends the search. */
const TABLE: readonly Row[] = [
	{ first: 0x50, last: 0x57 }, // push
	{ first: 0x58, last: 0x5f, writes: "opcode" }, // pop
	{ first: 0x63, last: 0x63, modrm: true, writes: "reg" }, // movslq
	{ first: 0x70, last: 0x7f, immediate: 1, flow: "branch" },
	{ first: 0x80, last: 0x80, modrm: true, immediate: 1, writes: "rm" }, // add … cmp with a number
	{ first: 0x81, last: 0x81, modrm: true, immediate: 4, writes: "rm" },
	{ first: 0x83, last: 0x83, modrm: true, immediate: 1, writes: "rm" },
	{ first: 0x84, last: 0x85, modrm: true }, // test
	{ first: 0x88, last: 0x89, modrm: true, writes: "rm" }, // mov
	{ first: 0x8a, last: 0x8d, modrm: true, writes: "reg" }, // mov, lea
	{ first: 0x98, last: 0x98, writes: "rax" }, // cltq
	{ first: 0xb8, last: 0xbf, immediate: 4, writes: "opcode" }, // mov of a number
	{ first: 0xc3, last: 0xc3, flow: "return" },
	{ first: 0xc7, last: 0xc7, modrm: true, immediate: 4, writes: "rm" },
	{ first: 0xe8, last: 0xe8, immediate: 4, flow: "call" },
	{ first: 0xe9, last: 0xe9, immediate: 4, flow: "jump" },
	{ first: 0xeb, last: 0xeb, immediate: 1, flow: "jump" },
	{ first: 0xf6, last: 0xf6, modrm: true, immediate: 1 }, // test with a number
	{ first: LONG | 0x40, last: LONG | 0x4f, modrm: true, writes: "reg" }, // cmov
	{ first: LONG | 0x80, last: LONG | 0x8f, immediate: 4, flow: "branch" },
];

/** Arithmetic between a register and a register or memory, by rule instead of eight rows: 0 add, … 5 sub, 6 xor, 7 cmp. */
function arithmetic(opcode: number): Row | undefined {
	if (opcode > 0x3b || (opcode & 7) > 3) return undefined;
	const writes = opcode >= 0x38 ? "nothing" : opcode & 2 ? "reg" : "rm";
	return { first: opcode, last: opcode, modrm: true, writes };
}

const at = (code: Uint8Array, offset: number): number => code[offset] ?? 0;

/** The instruction at this place; undefined when it is none of the table's, or not whole. Total, for any bytes. */
export function decode(code: Uint8Array, offset: number): Instruction | undefined {
	if (at(code, offset) === 0xf3 && at(code, offset + 1) === 0x0f && at(code, offset + 2) === 0x1e) {
		// endbr64, the only one of these that is a whole instruction of four bytes
		return at(code, offset + 3) === 0xfa ? plain(offset, 4) : undefined;
	}
	let next = offset;
	// A segment: in front of the stack protector's canary only.
	if (at(code, next) === 0x64) next++;
	const rex = (at(code, next) & 0xf0) === 0x40 ? at(code, next++) : 0;
	let opcode = at(code, next++);
	if (opcode === 0x0f) opcode = LONG | at(code, next++);
	const row = arithmetic(opcode) ?? TABLE.find(({ first, last }) => opcode >= first && opcode <= last);
	if (row === undefined) return undefined;
	const operand = row.modrm ? readOperand(code, next, rex) : { length: 0, reg: 0, rm: -1, group: 0 };
	next += operand.length;
	if (!isOfTable(opcode, operand, rex)) return undefined;
	const immediateAt = next;
	next += row.immediate ?? 0;
	if (next > code.length) return undefined;
	const view = new DataView(code.buffer, code.byteOffset);
	const number =
		row.immediate === 1 ? view.getInt8(immediateAt) : row.immediate === 4 ? view.getInt32(immediateAt, true) : 0;
	const flow = row.flow ?? "next";
	const written = writtenBy(row, opcode, operand, rex);
	return {
		offset,
		length: next - offset,
		flow,
		target: flow === "next" || flow === "return" ? NaN : next + number,
		writes: flow === "call" ? CALLER_SAVED : written >= 0 ? 1 << written : 0,
		stack: stackMove(opcode, operand, written, number),
		emulated: isEmulated(at(code, offset), at(code, offset + 1)),
	};
}

const plain = (offset: number, length: number): Instruction => ({
	...{ offset, length, flow: "next", target: NaN, writes: 0, stack: 0, emulated: false },
});

interface Operand {
	/** The ModRM byte and what it brings. */
	readonly length: number;
	readonly reg: number;
	/** A register's number; -1: memory. */
	readonly rm: number;
	/** The register field as the number of an operation. */
	readonly group: number;
}

function readOperand(code: Uint8Array, offset: number, rex: number): Operand {
	const modrm = at(code, offset);
	const mode = modrm >> 6;
	const group = (modrm >> 3) & 7;
	const low = modrm & 7;
	const reg = group | ((rex & 4) << 1);
	if (mode === 3) return { length: 1, reg, rm: low | ((rex & 1) << 3), group };
	const sib = low === 4 ? 1 : 0;
	const base = sib ? at(code, offset + 1) & 7 : low;
	const displacement = mode === 1 ? 1 : mode === 2 || base === 5 ? 4 : 0;
	return { length: 1 + sib + displacement, reg, rm: -1, group };
}

/** Not an encoding that shares its opcode with one of the table's and is something else, or longer. */
function isOfTable(opcode: number, { group }: Operand, rex: number): boolean {
	if (opcode === 0xf6) return group < 2;
	if (opcode === 0xc7) return group === 0;
	// 0x8c moves a segment register.
	if (opcode === 0x8c) return false;
	// A number of eight bytes.
	if (opcode >= 0xb8 && opcode <= 0xbf) return (rex & 8) === 0;
	return true;
}

/** The number of the register that is written, -1 for none. */
function writtenBy({ writes }: Row, opcode: number, { reg, rm, group }: Operand, rex: number): number {
	if (opcode >= 0x80 && opcode <= 0x83 && group === 7) return -1;
	if (writes === "reg") return reg;
	if (writes === "rm") return rm;
	if (writes === "rax") return 0;
	return writes === "opcode" ? (opcode & 7) | ((rex & 1) << 3) : -1;
}

function stackMove(opcode: number, { group }: Operand, written: number, number: number): number {
	if (opcode >= 0x50 && opcode <= 0x57) return -8;
	if (opcode >= 0x58 && opcode <= 0x5f) return written === STACK_POINTER ? NaN : 8;
	if (written !== STACK_POINTER) return 0;
	if (opcode !== 0x81 && opcode !== 0x83) return NaN;
	return group === 0 ? number : group === 5 ? -number : NaN;
}

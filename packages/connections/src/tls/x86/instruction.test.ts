import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { ensureDebian } from "../../../../../tools/debian.ts";
import { systemTlsLibraries } from "../system-libraries.ts";
import { decode, type Instruction } from "./instruction.ts";

beforeAll(() => ensureDebian(["binutils-x86-64-linux-gnu", "libssl3"]));

/** Numbers of registers, by all their names. */
const NUMBERS = new Map<string, number>();
for (const [number, letters] of ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"].entries()) {
	const byte = number < 4 ? `${letters[0]}l` : `${letters}l`;
	for (const name of [`r${letters}`, `e${letters}`, letters, byte]) NUMBERS.set(name, number);
}
for (let number = 8; number < 16; number++) {
	for (const width of ["", "d", "w", "b"]) NUMBERS.set(`r${number}${width}`, number);
}

interface Listed {
	readonly address: number;
	readonly bytes: Uint8Array;
	readonly mnemonic: string;
	readonly operands: string;
}

/** Every instruction of a file, as binutils see it. */
function* disassembly(path: string): Generator<Listed> {
	const text = execFileSync("x86_64-linux-gnu-objdump", ["-d", "-w", path], { encoding: "utf8", maxBuffer: 1 << 28 });
	for (const line of text.split("\n")) {
		const [, address, bytes, rest] = /^ +([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t(.*)$/.exec(line) ?? [];
		if (address === undefined || bytes === undefined || rest === undefined || rest.startsWith("(bad)")) continue;
		const [, mnemonic = "", operands = ""] = /^(?:rep[nz]* |bnd |notrack |data16 )*(\S+)\s*(.*)$/.exec(rest) ?? [];
		yield {
			address: Number.parseInt(address, 16),
			bytes: Buffer.from(bytes.replaceAll(" ", ""), "hex"),
			mnemonic,
			operands,
		};
	}
}

/** The register that the last operand names, as AT&T's syntax has the destination there. */
function written({ mnemonic, operands }: Listed): number | undefined {
	if (/^(cmp|test|push|nop|endbr|j|call|ret)/.test(mnemonic)) return undefined;
	const last = /(?:^|,)%(\w+)(?:\s|$)/.exec(operands.replace(/#.*/, "").trim())?.[1];
	return last === undefined ? undefined : NUMBERS.get(last);
}

function flowOf({ mnemonic }: Listed): Instruction["flow"] {
	if (mnemonic.startsWith("call")) return "call";
	if (mnemonic.startsWith("ret")) return "return";
	if (mnemonic.startsWith("jmp")) return "jump";
	return mnemonic.startsWith("j") ? "branch" : "next";
}

test("what it decodes of whole libraries is what binutils see", () => {
	const library = realpathSync(systemTlsLibraries().find((path) => path.includes("libssl"))!);
	let [all, known] = [0, 0];
	for (const listed of disassembly(library)) {
		all++;
		const instruction = decode(listed.bytes, 0);
		if (instruction === undefined) continue;
		known++;
		const where = `${listed.address.toString(16)} ${listed.mnemonic} ${listed.operands}`;
		expect([where, instruction.length, instruction.flow]).toEqual([where, listed.bytes.length, flowOf(listed)]);
		const register = written(listed);
		if (
			register !== undefined &&
			instruction.flow === "next" &&
			Number.isInteger(instruction.stack) &&
			register !== 4
		) {
			expect([where, (instruction.writes >> register) & 1]).toEqual([where, 1]);
		}
		// Only what is said to move the stack pointer does.
		if (register === 4) expect([where, instruction.stack !== 0]).toEqual([where, true]);
		const [, target] = /^([0-9a-f]+) </.exec(listed.operands) ?? [];
		if (target !== undefined && instruction.flow !== "next") {
			expect([where, listed.address + instruction.target]).toEqual([where, Number.parseInt(target, 16)]);
		}
	}
	expect(all).toBeGreaterThan(50_000);
	expect(known / all).toBeGreaterThan(0.8);
});

test("any bytes are an instruction within them, or none", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 24 }), fc.nat(24), (code, offset) => {
			const instruction = decode(code, offset);
			if (instruction === undefined) return;
			expect(instruction.length).toBeGreaterThan(0);
			expect(offset + instruction.length).toBeLessThanOrEqual(code.length);
		}),
		{ numRuns: 20_000 },
	);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { REGISTER } from "./instruction.ts";
import { probeSites } from "./probe-sites.ts";

const WANTED = REGISTER.rdi | REGISTER.rsi;

/** Machine code, each instruction a string of hexadecimal bytes. */
const code = (...instructions: string[]): Uint8Array => Buffer.from(instructions.join("").replaceAll(" ", ""), "hex");

const site = (offset: number, atReturn: boolean, emulated = true): object => ({ offset, atReturn, emulated });

/** As compilers make `SSL_read`: room on the stack, a check of the size, a call, the canary. */
const READ = [
	"4883ec18", // 0   sub $24,%rsp
	"6448 8b0425 28000000", // 4   mov %fs:40,%rax
	"4889442408", // 13  mov %rax,8(%rsp)
	"85d2", // 18  test %edx,%edx
	"7822", // 20  js 56
	"4889e1", // 22  mov %rsp,%rcx
	"4863d2", // 25  movslq %edx,%rdx
	"e800100000", // 28  call
	"85c0", // 33  test %eax,%eax
	"488b542408", // 35  mov 8(%rsp),%rdx
	"6448 2b1425 28000000", // 40  sub %fs:40,%rdx
	"7511", // 49  jne 68
	"4883c418", // 51  add $24,%rsp
	"c3", // 55  ret
	"e800100000", // 56  call
	"b8ffffffff", // 61  mov $-1,%eax
	"ebdf", // 66  jmp 35
	"e800100000", // 68  call: the stack is broken
];

test("a branch behind the check of the arguments, and the canary's behind which the result stays", () => {
	expect(probeSites(code(...READ), WANTED)).toEqual({ entry: site(20, false), exits: [site(49, false)] });
});

test("the return itself where nothing before it is cheaper", () => {
	const call = ["4883ec08", "e800100000", "31d2", "85c0", "0f48c2", "4883c408", "31c9", "c3"];
	expect(probeSites(code(...call), WANTED)).toEqual({ entry: site(4, false), exits: [site(22, false, false)] });
});

test("one site does for both while the stack pointer is at the return address", () => {
	const tail = ["4531c0", "31c9", "e900100000"];
	expect(probeSites(code(...tail), WANTED)).toEqual({ entry: site(5, false), exits: [site(5, true)] });
	const guarded = ["f30f1efa", "55", "4889e5", "5d", "c3"];
	expect(probeSites(code(...guarded), WANTED)).toEqual({ entry: site(4, false), exits: [site(4, true)] });
});

test("every end has its site: a jump to another function, and a return", () => {
	const two = ["4883ec08", "85ff", "7409", "e800100000", "4883c408", "c3", "4883c408", "e900100000"];
	//             0           4       6       8             13          17    18          22
	expect(probeSites(code(...two), WANTED)).toBeUndefined(); // 74 09 leads to 17: into the return, with a deep stack
	const right = [...two];
	right[2] = "740a";
	expect(probeSites(code(...right), WANTED)).toEqual({
		entry: site(6, false),
		exits: [site(17, false, false), site(22, true)],
	});
});

/** READ with some instructions replaced by others of the same length. */
function changed(changes: Readonly<Record<number, string>>): Uint8Array {
	return code(...READ.map((instruction, index) => changes[index] ?? instruction));
}

test.each([
	["an argument is changed before the first cheap instruction", { 3: "31ff" }],
	["the site is jumped to from further on: a loop", { 16: "ebd0" }],
	["an instruction is not known", { 3: "0f05" }],
	["the stack pointer comes from another register", { 3: "89ec" }],
	["the stack is deeper on one way than on the other", { 15: "5050505050" }],
	["a way leads out of the function and is no end of it", { 4: "787f" }],
	["a jump goes where a register says", { 8: "ffe0" }],
	["the return finds a stack that is not as it was", { 12: "4883c410" }],
] as const)("nothing is better than the start when %s", (_, changes) => {
	expect(probeSites(changed(changes), WANTED)).toBeUndefined();
});

test.each([
	["its way may return", { 11: "7505" }, 55],
	["others join behind it", { 16: "ebef" }, 55],
	["the result changes behind it", { 4: "7824", 11: "7513", 12: "4883c418 31c0", 16: "ebdd" }, 57],
] as const)("the canary's branch is no site when %s: the return is", (_, changes, offset) => {
	expect(probeSites(changed(changes), WANTED)?.exits).toEqual([site(offset, false, false)]);
});

test("any bytes give sites within them, or none", () => {
	const pieces = fc.oneof(fc.constantFrom(...READ.map((text) => code(text))), fc.uint8Array({ maxLength: 6 }));
	fc.assert(
		fc.property(fc.array(pieces, { maxLength: 24 }), (parts) => {
			const bytes = Buffer.concat(parts);
			const found = probeSites(new Uint8Array(bytes), WANTED);
			for (const { offset } of found ? [found.entry, ...found.exits] : []) expect(offset).toBeLessThan(bytes.length);
		}),
		{ numRuns: 20_000 },
	);
});

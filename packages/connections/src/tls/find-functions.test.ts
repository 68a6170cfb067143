import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bin } from "../../../../tools/workspace.ts";
import { type ByteSource, bytesOf, openBytes } from "./byte-source.ts";
import { ElfError, readElfFile } from "./elf-file.ts";
import { type FunctionPlace, findFunctions } from "./find-functions.ts";

/** Node, which exports its OpenSSL; the tests run in other runtimes, too. */
const NODE = realpathSync(bin("node"));

const NAMES = ["SSL_read", "SSL_write", "SSL_read_ex", "SSL_write_ex", "SSL_do_handshake", "gnutls_record_recv"];

/** A library that is on the machine, by its soname, as a process that loads it sees it. */
function libraryPath(soname: string): string {
	const script = `import ctypes; ctypes.CDLL("${soname}"); print(next(l.split()[-1] for l in open("/proc/self/maps") if "${soname}" in l))`;
	return execFileSync("/usr/bin/python3", ["-c", script], { encoding: "utf8" }).trim();
}

/** Where the dynamic loader found a function, as an offset in the file. */
function loaderSays(soname: string, name: string): number {
	const script = `
import ctypes
address = ctypes.cast(getattr(ctypes.CDLL("${soname}"), "${name}"), ctypes.c_void_p).value
for line in open("/proc/self/maps"):
    start, end = (int(part, 16) for part in line.split()[0].split("-"))
    if start <= address < end: print(address - start + int(line.split()[2], 16))
`;
	return Number(execFileSync("/usr/bin/python3", ["-c", script], { encoding: "utf8" }));
}

function functionsOf(path: string): ReadonlyMap<string, FunctionPlace> {
	const source = openBytes(path);
	try {
		return findFunctions(readElfFile(source), NAMES);
	} finally {
		source.close();
	}
}

test.each(["libssl.so.3", "libgnutls.so.30"])("functions of %s are where the loader has them", (soname) => {
	const functions = functionsOf(libraryPath(soname));
	expect(functions.size).toBe(soname.startsWith("libssl") ? 5 : 1);
	for (const [name, { offset }] of functions) expect([name, offset]).toEqual([name, loaderSays(soname, name)]);
});

test("an executable that exports them; one that does not", () => {
	expect([...functionsOf(NODE).keys()].sort()).toEqual(NAMES.slice(0, 5).sort());
	expect(functionsOf("/usr/bin/python3").size).toBe(0);
});

test("what is no ELF file says so", () => {
	for (const bytes of [
		"",
		"#!/bin/sh\n",
		"\x7fELF",
		`\x7fELF\x01${"\0".repeat(100)}`,
		`\x7fELF\x02\x01${"\xff".repeat(100)}`,
	]) {
		expect(() => readElfFile(bytesOf(Buffer.from(bytes, "latin1")))).toThrow(ElfError);
	}
});

/** Counts what is read, so that no file can make the work unbounded. */
function counted(bytes: Uint8Array): { source: ByteSource; read: () => number } {
	const inner = bytesOf(bytes);
	let sum = 0;
	const read = (offset: number, length: number): Uint8Array => {
		sum += length;
		return inner.read(offset, length);
	};
	return { source: { size: inner.size, read }, read: () => sum };
}

test("a damaged or cut file ends in a result or an ElfError, after bounded work", () => {
	const whole = readFileSync(libraryPath("libssl.so.3"));
	const file = readElfFile(bytesOf(whole));
	const table = file.sections.find(({ type }) => type === 11)!;
	// Where damage matters: both header tables, the symbols, their names.
	const places = [
		[0, 64 + 20 * 56],
		[whole.length - file.sections.length * 64, whole.length],
		[table.offset, table.offset + table.size],
	] as const;
	const damage = fc.record({
		place: fc.constantFrom(...places),
		at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
		value: fc.uint8Array({ minLength: 1, maxLength: 9 }),
	});
	const length = fc.oneof(fc.constant(whole.length), fc.nat(whole.length));
	fc.assert(
		fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), length, (spots, size) => {
			const bytes = new Uint8Array(whole);
			for (const { place, at, value } of spots) {
				const from = place[0] + Math.floor(at * (place[1] - place[0]));
				bytes.set(value.subarray(0, whole.length - from), from);
			}
			const { source, read } = counted(bytes.subarray(0, size));
			try {
				const found = findFunctions(readElfFile(source), NAMES);
				for (const { offset } of found.values()) expect(offset).toBeLessThan(size);
			} catch (error) {
				expect(error).toBeInstanceOf(ElfError);
			}
			expect(read()).toBeLessThan(20 * whole.length);
		}),
		{ numRuns: 500 },
	);
});

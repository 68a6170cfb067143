import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureDebian } from "../../../../../tools/debian.ts";
import { type ByteSource, bytesOf } from "../byte-source.ts";
import { type ElfFile, readElfFile } from "../elf-file.ts";
import { tlsFunctionsAt } from "../tls-functions.ts";
import { goVersion } from "./build-info.ts";
import { goTls } from "./go-tls.ts";
import { returnPlaces } from "./return-places.ts";

const WITH_TLS = `package main
import ("crypto/tls"; "fmt")
func main() { fmt.Println(tls.Dial("tcp", "127.0.0.1:1", nil)) }
`;
const WITHOUT_TLS = `package main
func main() { println("none") }
`;
const NAMES = ["crypto/tls.(*Conn).Read", "crypto/tls.(*Conn).Write", "crypto/tls.(*Conn).handshakeContext"];

let folder: string;
beforeAll(async () => {
	await ensureDebian(["golang-go", "binutils"]);
	folder = mkdtempSync(join(tmpdir(), "wirescribe-go-"));
	build("plain", WITH_TLS);
	build("stripped", WITH_TLS, "-ldflags", "-s -w");
	build("none", WITHOUT_TLS);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function build(name: string, source: string, ...flags: string[]): void {
	const file = join(folder, `${name}.go`);
	writeFileSync(file, source);
	const env = { ...process.env, GO111MODULE: "off", GOFLAGS: "", HOME: process.env["HOME"] ?? folder };
	execFileSync("/usr/bin/go", ["build", ...flags, "-o", join(folder, name), file], { env, stdio: "pipe" });
}

const elf = (name: string): ElfFile => readElfFile(bytesOf(readFileSync(join(folder, name))));

/** Where binutils see a function's start and its return instructions; Go's first segment begins at this address. */
function disassembled(name: string): { start: number; returns: number[] } {
	const text = execFileSync("objdump", ["-d", `--disassemble=${name}`, join(folder, "plain")], { encoding: "utf8" });
	const base = 0x40_0000;
	const start = Number.parseInt(/^([0-9a-f]+) <crypto/m.exec(text)?.[1] ?? "", 16) - base;
	const returns = [...text.matchAll(/^ *([0-9a-f]+):.*\tret/gm)].map(
		([, at]) => Number.parseInt(at as string, 16) - base,
	);
	return { start, returns };
}

test("functions and all their returns are where the disassembler sees them, with symbols and without", () => {
	for (const file of ["plain", "stripped"]) {
		const [library] = tlsFunctionsAt(join(folder, file));
		expect(library?.library).toBe("go");
		expect(library?.functions.map(({ name }) => name).sort()).toEqual(NAMES);
	}
	const [library] = tlsFunctionsAt(join(folder, "plain"));
	for (const { name, offset, plain } of library?.functions ?? []) {
		const { start, returns } = disassembled(name);
		expect([name, offset]).toEqual([name, start]);
		expect([name, plain.exits.map((site) => site.offset)]).toEqual([name, returns]);
		expect(returns.length).toBeGreaterThan(3);
		for (const site of plain.exits) expect(site.atReturn).toBe(false);
		// Behind the look at the stack's end, at a branch.
		if (process.arch === "x64") expect(plain.entry).toMatchObject({ cost: "emulated", atReturn: false });
		expect(plain.entry.offset - offset).toBeLessThan(32);
	}
});

test("a stripped program still says which Go it is of", () => {
	const version = goVersion(elf("stripped"));
	expect(version).toMatch(/^go1\.\d+/);
	expect(version).toBe(execFileSync("/usr/bin/go", ["env", "GOVERSION"], { encoding: "utf8" }).trim());
});

test("a Go program without crypto/tls, and what is no Go program", () => {
	expect(goTls(elf("none"))).toEqual({ functions: [], reason: "it is a Go program without crypto/tls", hasTls: false });
	copyFileSync("/usr/bin/python3", join(folder, "python3"));
	expect(goTls(elf("python3"))).toBeUndefined();
});

/** The program's bytes with its Go version replaced. */
function asVersion(version: string): ElfFile {
	const bytes = new Uint8Array(readFileSync(join(folder, "stripped")));
	const file = readElfFile(bytesOf(bytes));
	const at = file.sections.find(({ name }) => name === ".go.buildinfo")?.offset as number;
	bytes[at + 32] = version.length;
	bytes.set(Buffer.from(version), at + 33);
	return readElfFile(bytesOf(bytes));
}

test("a Go that passes arguments on the stack is not watched, and says why", () => {
	expect(goTls(asVersion("go1.16.3"))).toMatchObject({
		hasTls: true,
		reason: expect.stringMatching(/^its Go \(go1\.16\.3\) is older than 1\.1[78]$/),
	});
	expect(goTls(asVersion("devel"))?.reason).toMatch(/^its Go \(devel\) is older/);
	expect(goTls(asVersion("devel go1.23-abc"))?.functions).toHaveLength(3);
});

test("a damaged or cut program ends in functions within it or a reason, after bounded work", () => {
	const whole = new Uint8Array(readFileSync(join(folder, "stripped")));
	const { sections } = readElfFile(bytesOf(whole));
	const table = sections.find(({ name }) => name.endsWith(".gopclntab"))!;
	const info = sections.find(({ name }) => name === ".go.buildinfo")!;
	const place = fc.oneof(
		fc.nat(72).map((at) => table.offset + at),
		fc.nat(64).map((at) => info.offset + at),
		fc.nat(table.size - 9).map((at) => table.offset + at),
	);
	const damage = fc.record({ place, value: fc.uint8Array({ minLength: 1, maxLength: 8 }) });
	const length = fc.oneof(fc.constant(whole.length), fc.integer({ min: table.offset, max: whole.length }));
	fc.assert(
		fc.property(fc.array(damage, { minLength: 1, maxLength: 6 }), length, (spots, size) => {
			const before = spots.map(({ place: at, value }) => whole.slice(at, at + value.length));
			for (const { place: at, value } of spots) whole.set(value, at);
			let read = 0;
			const inner = bytesOf(whole.subarray(0, size));
			try {
				const source: ByteSource = {
					size,
					read(at, count) {
						read += count;
						return inner.read(at, count);
					},
				};
				const found = goTls({ ...readElfFile(bytesOf(whole)), source });
				for (const { plain } of found?.functions ?? []) {
					for (const { offset } of [plain.entry, ...plain.exits]) expect(offset).toBeLessThan(size);
				}
				expect(read).toBeLessThan(20 * whole.length);
			} finally {
				for (const [index, bytes] of [...before.entries()].reverse()) whole.set(bytes, spots[index]!.place);
			}
		}),
		{ numRuns: 300 },
	);
});

test("any table of a stack gives returns within the code", () => {
	const bytes = fc.uint8Array({ maxLength: 64 });
	fc.assert(
		fc.property(bytes, bytes, fc.constantFrom(0, 1, 4), (table, code, quantum) => {
			const view = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.length);
			for (const place of returnPlaces(view(table), view(code), quantum)) {
				expect(place).toBeGreaterThan(0);
				expect(place).toBeLessThan(code.length);
			}
		}),
		{ numRuns: 20_000 },
	);
});

/** The shim under AddressSanitizer and UndefinedBehaviorSanitizer, called wrongly in every way. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { fixturePath } from "./contract/subject.ts";

const shim: string = join(import.meta.dirname, "../native/shim");
const abuse: string = join(import.meta.dirname, "sanitizer/abuse.c");

beforeAll(() => ensureDebian(["gcc", "libc6-dev", "libbpf-dev", "libelf-dev", "zlib1g-dev"]));

describe("the shim", () => {
	it("refuses bad handles, descriptors, pointers, buffers and objects, and touches no byte of them", () => {
		const folder = mkdtempSync(join(tmpdir(), "wirescribe-sanitizer-"));
		try {
			const program = join(folder, "abuse");
			// fstat.c stands in for an old glibc's, in the prebuilt library only.
			const sources = readdirSync(shim).filter((name) => name.endsWith(".c") && name !== "fstat.c");
			execFileSync("gcc", [
				...["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"],
				...["-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I", shim, "-o", program, abuse],
				...sources.map((name) => join(shim, name)),
				...["-lbpf", "-lelf", "-lz", "-lpthread"],
			]);
			const { status, stdout, stderr } = spawnSync(program, [fixturePath], { encoding: "utf8" });
			expect([status, stderr]).toEqual([0, expect.not.stringContaining("ERROR")]);
			expect(stdout).toMatch(/^\d{3,} refused, 0 handles left\n$/);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});
});

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { libraryPath } from "../src/index.ts";

const prebuilt = fileURLToPath(new URL("../prebuilt", import.meta.url));

afterEach(() => {
	vi.unstubAllEnvs();
});

describe("the prebuilt libraries", () => {
	it.each([
		["linux-x64", 62],
		["linux-arm64", 183],
	])("are ELF files for %s", (platform, machine) => {
		for (const name of ["libwirescribe-bpf.so", "libelf.so.1"]) {
			const bytes = readFileSync(join(prebuilt, platform, name));
			expect([...bytes.subarray(0, 5)]).toEqual([0x7f, 0x45, 0x4c, 0x46, 2]);
			expect(bytes.readUInt16LE(18)).toBe(machine);
		}
	});

	it("stand beside the licence texts of what is in them", () => {
		for (const name of [
			"libbpf-LICENSE.BSD-2-Clause",
			"elfutils-COPYING-LGPLV3",
			"elfutils-COPYING-GPLV2",
			"zlib-LICENSE",
		]) {
			expect(existsSync(join(prebuilt, "../licenses", name))).toBe(true);
		}
	});

	it("give way to WIRESCRIBE_LIBBPF", () => {
		expect(libraryPath()).toBe(join(prebuilt, `linux-${process.arch}/libwirescribe-bpf.so`));
		vi.stubEnv("WIRESCRIBE_LIBBPF", "/somewhere/else.so");
		expect(libraryPath()).toBe("/somewhere/else.so");
	});

	it("say so when they cannot be loaded", () => {
		const index = new URL("../src/index.ts", import.meta.url).href;
		const code = `import(${JSON.stringify(index)}).then(({ kernelFeatures }) => {
			try { kernelFeatures(); } catch (error) { console.log(error.code + " " + error.message); }
		});`;
		const env = {
			...process.env,
			WIRESCRIBE_LIBBPF: "/nonexistent/x.so",
			NODE_OPTIONS: "--conditions=@wirescribe/source",
		};
		const text = execFileSync(process.execPath, ["-e", code], { encoding: "utf8", env });
		expect(text).toMatch(
			/^ERR_BPF_LIBRARY Cannot load libbpf for linux-\w+: .*\/nonexistent\/x\.so.*set WIRESCRIBE_LIBBPF/,
		);
	});
});

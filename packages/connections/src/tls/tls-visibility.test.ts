import { realpathSync } from "node:fs";
import { expect, test } from "vitest";
import { bin } from "../../../../tools/workspace.ts";
import type { MappedFile } from "./mapped-files.ts";
import { tlsFunctionsAt, untestedLibrary } from "./tls-functions.ts";
import { whyNotVisible } from "./tls-visibility.ts";

const PYTHON = realpathSync("/usr/bin/python3");

const mapped = (path: string, isProgram = false): MappedFile => ({ path, reach: [path], isProgram });
const running = (program: string, ...libraries: string[]): readonly MappedFile[] => [
	mapped(program, true),
	...libraries.map((path) => mapped(path)),
];

test("the runtimes that show no functions do show none, and are named", () => {
	for (const [name, reason] of [
		["bun", "Bun contains BoringSSL without symbols"],
		["deno", "Deno uses rustls, which has no symbols"],
	] as const) {
		const program = realpathSync(bin(name));
		expect(tlsFunctionsAt(program)).toEqual([]);
		const renamed = { ...mapped(program, true), path: `/opt/${name}` };
		expect(whyNotVisible([renamed])).toEqual({ reason, hasTls: true });
	}
});

test.each([
	["/usr/lib/jvm/lib/server/libjvm.so", "Java's TLS is bytecode of the virtual machine"],
	["/usr/lib/libssl3.so", "NSS is not supported"],
	["/usr/lib/libmbedtls.so.14", "Mbed TLS is not supported"],
	["/usr/lib/libwolfssl.so.35", "wolfSSL is not supported"],
	["/usr/lib/librustls.so.0.14", "rustls is not supported"],
	["/usr/lib/libs2n.so.1", "s2n is not supported"],
])("a process that maps %s: %s", (library, reason) => {
	expect(whyNotVisible(running(PYTHON, "/usr/lib/libc.so.6", library))).toEqual({ reason, hasTls: true });
});

test("a process without any, one that cannot be read, and one that is gone", () => {
	expect(whyNotVisible(running(PYTHON))).toMatchObject({ reason: expect.stringMatching(/^it maps no/), hasTls: false });
	expect(whyNotVisible(running(import.meta.filename))).toMatchObject({
		reason: expect.stringMatching(/^its program cannot be read: /),
		hasTls: false,
	});
	expect(whyNotVisible(running("/nonexistent"))).toEqual({ reason: "its program cannot be opened", hasTls: false });
	expect(whyNotVisible([])).toBeUndefined();
});

test("what was found by symbol and never run with is told", () => {
	const site = { offset: 1, atReturn: false, cost: "stepped" } as const;
	const one = {
		name: "SSL_read",
		call: "read",
		offset: 1,
		plain: { call: "read", entry: site, exits: [] },
		inside: undefined,
	} as const;
	const openssl = { library: "openssl", functions: [one, { ...one, call: "read_ex" }] } as const;
	expect(untestedLibrary("/usr/lib/libssl.so.3", openssl)).toBeUndefined();
	expect(untestedLibrary("/usr/lib/libssl.so.1.1", openssl)).toBe("OpenSSL 1.1");
	expect(untestedLibrary("/usr/local/bin/envoy", { library: "openssl", functions: [one] })).toBe("BoringSSL");
	expect(untestedLibrary("/usr/lib/libgnutls.so.30", { library: "gnutls", functions: [one] })).toBeUndefined();
});

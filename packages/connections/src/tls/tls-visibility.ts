import { basename } from "node:path";
import { openBytes } from "./byte-source.ts";
import { ElfError, readElfFile } from "./elf-file.ts";
import { type GoTls, goTls } from "./go/go-tls.ts";
import type { MappedFile } from "./mapped-files.ts";

/** Programs that bring a TLS of their own and show no functions of it, by the name of the executable. */
const KNOWN_PROGRAMS: Readonly<Record<string, string>> = {
	bun: "Bun contains BoringSSL without symbols",
	deno: "Deno uses rustls, which has no symbols",
	java: "Java's TLS is bytecode of the virtual machine",
};

/** Libraries with a TLS of their own, whose functions nobody looks for. */
const OTHER_LIBRARIES: readonly (readonly [name: RegExp, reason: string])[] = [
	[/^libssl3\.so/, "NSS is not supported"],
	[/^libmbedtls\.so/, "Mbed TLS is not supported"],
	[/^libwolfssl\.so/, "wolfSSL is not supported"],
	[/^librustls\.so/, "rustls is not supported"],
	[/^libs2n\.so/, "s2n is not supported"],
];

/** Why the plaintext of a process cannot be seen. */
export interface NotVisible {
	/** One clause, for people. */
	readonly reason: string;
	/** The process has a TLS of its own, whether it uses it or not; else it may have none at all. */
	readonly hasTls: boolean;
}

/** Why the plaintext of a process cannot be seen; undefined when it is gone. Reads a few headers of its program. */
export function whyNotVisible(files: readonly MappedFile[]): NotVisible | undefined {
	const program = files.find(({ isProgram }) => isProgram);
	if (program === undefined) return undefined;
	const runtime = files.some(({ path }) => basename(path) === "libjvm.so") ? "java" : basename(program.path, ".exe");
	const known = KNOWN_PROGRAMS[runtime];
	if (known !== undefined) return { reason: known, hasTls: true };
	for (const path of program.reach) {
		try {
			const go = goTlsAt(path);
			if (go?.reason !== undefined) return { reason: go.reason, hasTls: go.hasTls };
			const other = OTHER_LIBRARIES.find(([name]) => files.some((file) => name.test(basename(file.path))));
			if (other !== undefined) return { reason: other[1], hasTls: true };
			return { reason: "it maps no OpenSSL or GnuTLS, and its program shows no functions of them", hasTls: false };
		} catch (error) {
			if (error instanceof ElfError) return { reason: `its program cannot be read: ${error.message}`, hasTls: false };
		}
	}
	return { reason: "its program cannot be opened", hasTls: false };
}

function goTlsAt(path: string): GoTls | undefined {
	const source = openBytes(path);
	try {
		return goTls(readElfFile(source));
	} finally {
		source.close();
	}
}

import { type ByteSource, openBytes } from "./byte-source.ts";
import { type ElfFile, readElfFile } from "./elf-file.ts";
import { findFunctions } from "./find-functions.ts";
import { type ProbeCost, probeCost } from "./probe-cost.ts";

/** What runs at a function; the names are those of the programs in `@wirescribe/bpf-programs`. */
export type TlsEntry =
	| "enter_tls_read"
	| "enter_tls_read_ex"
	| "enter_tls_write"
	| "enter_tls_write_ex"
	| "enter_tls_handshake";

export type TlsLibrary = "openssl" | "gnutls";

/** Functions through which all plaintext passes, by library. BoringSSL has OpenSSL's, without the `_ex`. */
const FUNCTIONS: Readonly<Record<TlsLibrary, Readonly<Record<string, TlsEntry>>>> = {
	openssl: {
		SSL_read: "enter_tls_read",
		SSL_read_ex: "enter_tls_read_ex",
		SSL_write: "enter_tls_write",
		SSL_write_ex: "enter_tls_write_ex",
		SSL_do_handshake: "enter_tls_handshake",
	},
	gnutls: {
		gnutls_record_recv: "enter_tls_read",
		gnutls_record_send: "enter_tls_write",
		gnutls_handshake: "enter_tls_handshake",
	},
};

/** Shared libraries worth a look; of a program's own file it is not the name that counts. */
const LIBRARY_NAME = /(ssl|tls|libnode|conscrypt)[^/]*\.so/i;

/** A function to watch. */
export interface TlsFunction {
	readonly name: string;
	readonly entry: TlsEntry;
	/** Bytes from the start of the file. */
	readonly offset: number;
	/** What a probe at its start costs each call. */
	readonly cost: ProbeCost;
}

export interface TlsFunctions {
	readonly library: TlsLibrary;
	readonly functions: readonly TlsFunction[];
}

export function mayHaveTls(path: string): boolean {
	return LIBRARY_NAME.test(path);
}

/** The TLS functions of a file, by library; empty when it has none. Throws an `ElfError` for what is no ELF file. */
export function tlsFunctionsOf(source: ByteSource): TlsFunctions[] {
	return tlsFunctionsIn(readElfFile(source));
}

/** The same of the file at `path`; an error of the file system passes through. */
export function tlsFunctionsAt(path: string): TlsFunctions[] {
	const source = openBytes(path);
	try {
		return tlsFunctionsOf(source);
	} finally {
		source.close();
	}
}

function tlsFunctionsIn(file: ElfFile): TlsFunctions[] {
	const offsets = findFunctions(file, Object.values(FUNCTIONS).flatMap(Object.keys));
	const libraries: TlsFunctions[] = [];
	for (const [library, entries] of Object.entries(FUNCTIONS) as [TlsLibrary, Record<string, TlsEntry>][]) {
		const functions: TlsFunction[] = [];
		for (const [name, entry] of Object.entries(entries)) {
			const offset = offsets.get(name);
			// Two names of one place are one function.
			if (offset === undefined || functions.some((one) => one.offset === offset)) continue;
			functions.push({ name, entry, offset, cost: probeCost(file, offset) });
		}
		// A handshake alone shows nothing.
		if (functions.some(({ entry }) => entry !== "enter_tls_handshake")) libraries.push({ library, functions });
	}
	return libraries;
}

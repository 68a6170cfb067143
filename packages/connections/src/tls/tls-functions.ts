import { type ByteSource, openBytes } from "./byte-source.ts";
import { type ElfFile, readElfFile, viewOf } from "./elf-file.ts";
import { type FunctionPlace, findFunctions } from "./find-functions.ts";
import { goTls } from "./go/go-tls.ts";
import { isX86, type ProbeCost, probeCost } from "./probe-cost.ts";
import { REGISTER } from "./x86/instruction.ts";
import { callsOf, entrySite, passedOn, probeSites } from "./x86/probe-sites.ts";

/** By the shape of the function: `_ex` leaves the number of bytes at its fourth argument, the others return it. */
export type TlsCall = "read" | "read_ex" | "write" | "write_ex" | "handshake";

export type TlsLibrary = "openssl" | "gnutls" | "go";

/** Functions through which all plaintext passes, by library. BoringSSL has OpenSSL's, without the `_ex`. */
const FUNCTIONS: Readonly<Record<"openssl" | "gnutls", Readonly<Record<string, TlsCall>>>> = {
	openssl: {
		SSL_read: "read",
		SSL_read_ex: "read_ex",
		SSL_write: "write",
		SSL_write_ex: "write_ex",
		SSL_do_handshake: "handshake",
	},
	gnutls: {
		gnutls_record_recv: "read",
		gnutls_record_send: "write",
		gnutls_handshake: "handshake",
	},
};

/** The registers of the arguments that the programs read: the session, the buffer, where the number of bytes goes. */
const ARGUMENTS: Readonly<Record<TlsCall, number>> = {
	handshake: REGISTER.rdi,
	read: REGISTER.rdi | REGISTER.rsi,
	write: REGISTER.rdi | REGISTER.rsi,
	read_ex: REGISTER.rdi | REGISTER.rsi | REGISTER.rcx,
	write_ex: REGISTER.rdi | REGISTER.rsi | REGISTER.rcx,
};

/** Shared libraries worth a look; of a program's own file it is not the name that counts. */
const LIBRARY_NAME = /(ssl|tls|libnode|conscrypt)[^/]*\.so/i;

/** Code that is looked at for sites. */
const MAX_CODE_BYTES = 16_384;
/** Of a function that is called: enough for its first instructions. */
const CALLEE_BYTES = 16;
const ENDBR64_BYTES = 4;

/** A place for a probe. */
export interface TlsSite {
	/** Bytes from the start of the file. */
	readonly offset: number;
	/** The probe is to run when the function returns to its caller. */
	readonly atReturn: boolean;
	readonly cost: ProbeCost;
}

/** Where a call can be seen coming and going. */
export interface TlsSites {
	/** The shape of the call there: a function that is called may leave the number of bytes elsewhere. */
	readonly call: TlsCall;
	readonly entry: TlsSite;
	/** Every call passes one of them when it has its result. */
	readonly exits: readonly TlsSite[];
}

/** A function to watch. */
export interface TlsFunction {
	readonly name: string;
	readonly call: TlsCall;
	/** Bytes from the start of the file. */
	readonly offset: number;
	/** Its start, and its return: what is certain. */
	readonly plain: TlsSites;
	/** Cheaper sites inside it, as far as its code tells: to be tried before they are trusted. */
	readonly inside: TlsSites | undefined;
}

export interface TlsFunctions {
	readonly library: TlsLibrary;
	readonly functions: readonly TlsFunction[];
}

/** What is found by its symbols and should work alike, but has never been run with; undefined for what has. */
export function untestedLibrary(path: string, { library, functions }: TlsFunctions): string | undefined {
	if (library !== "openssl") return undefined;
	if (/libssl\.so\.1\./.test(path)) return "OpenSSL 1.1";
	return functions.some(({ call }) => call === "read_ex") ? undefined : "BoringSSL";
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
	const places = findFunctions(file, Object.values(FUNCTIONS).flatMap(Object.keys));
	const libraries: TlsFunctions[] = [];
	for (const [library, calls] of Object.entries(FUNCTIONS) as [TlsLibrary, Record<string, TlsCall>][]) {
		const functions: TlsFunction[] = [];
		for (const [name, call] of Object.entries(calls)) {
			const place = places.get(name);
			// Two names of one place are one function.
			if (place === undefined || functions.some(({ offset }) => offset === place.offset)) continue;
			functions.push(functionAt(file, name, call, place));
		}
		// A handshake alone shows nothing.
		if (!functions.some(({ call }) => call !== "handshake")) continue;
		libraries.push({ library, functions: withCallees(file, functions, places) });
	}
	const go = goTls(file)?.functions ?? [];
	return go.length > 0 ? [...libraries, { library: "go", functions: go }] : libraries;
}

function functionAt(file: ElfFile, name: string, call: TlsCall, place: FunctionPlace): TlsFunction {
	const { offset } = place;
	const start = { offset, cost: probeCost(file, offset) };
	const plain = { call, entry: { ...start, atReturn: false }, exits: [{ ...start, atReturn: true }] };
	const inside = start.cost === "stepped" ? sitesInside(file, place, call) : undefined;
	return { name, call, offset, plain, inside };
}

/** The code of a function; undefined when it is of another processor, or too much. */
function codeOf(file: ElfFile, { offset, size }: FunctionPlace): Uint8Array | undefined {
	if (!isX86(file) || size > MAX_CODE_BYTES || offset + size > file.source.size) return undefined;
	const view = viewOf(file.source, offset, size, "a function");
	return new Uint8Array(view.buffer, view.byteOffset, size);
}

function sitesInside(file: ElfFile, place: FunctionPlace, call: TlsCall): TlsSites | undefined {
	const code = codeOf(file, place);
	const sites = code && probeSites(code, ARGUMENTS[call]);
	if (sites === undefined) return undefined;
	const { offset } = place;
	const [entry, ...exits] = [sites.entry, ...sites.exits].map(
		(site): TlsSite => ({
			offset: offset + site.offset,
			atReturn: site.atReturn,
			cost: site.emulated ? "emulated" : "stepped",
		}),
	);
	return { call, entry: entry as TlsSite, exits };
}

/**
 * `SSL_read` and `SSL_read_ex` of OpenSSL 3 both call one function, as the latter was called itself. Its start serves both, when
 * it is emulated: for the entry and, as the stack pointer is at the return address, for the return as well.
 */
function sitesOfCallee(file: ElfFile, place: FunctionPlace, call: "read_ex" | "write_ex"): TlsSites | undefined {
	const code = codeOf(file, place);
	const target = code && passedOn(code, ARGUMENTS[call]);
	if (target === undefined) return undefined;
	const offset = place.offset + target;
	const start = codeOf(file, { offset, size: CALLEE_BYTES });
	const first = start && entrySite(start, ARGUMENTS[call]);
	// Nothing but the mark of a function's start may come before: how long this one is nobody tells.
	if (first === undefined || first.offset > ENDBR64_BYTES || first.depth !== 0) return undefined;
	const site = { offset: offset + first.offset, cost: "emulated" } as const;
	return { call, entry: { ...site, atReturn: false }, exits: [{ ...site, atReturn: true }] };
}

/** The pairs of functions that may have such a callee. */
const PAIRS = [
	{ plain: "read", ex: "read_ex" },
	{ plain: "write", ex: "write_ex" },
] as const;

/** Puts the sites of a callee into the functions that call it. */
function withCallees(
	file: ElfFile,
	functions: readonly TlsFunction[],
	places: ReadonlyMap<string, FunctionPlace>,
): TlsFunction[] {
	const changed = [...functions];
	for (const { plain, ex } of PAIRS) {
		const [one, other] = [plain, ex].map((call) => changed.findIndex((target) => target.call === call)) as [
			number,
			number,
		];
		const place = places.get(changed[other]?.name ?? "");
		const sites = place && changed[other]?.inside && sitesOfCallee(file, place, ex);
		if (sites === undefined) continue;
		changed[other] = { ...(changed[other] as TlsFunction), inside: sites };
		const caller = changed[one];
		const callerPlace = places.get(caller?.name ?? "");
		const code = callerPlace && codeOf(file, callerPlace);
		if (caller?.inside === undefined || code === undefined || callerPlace === undefined) continue;
		const target = sites.entry.offset - callerPlace.offset;
		if (callsOf(code).some((at) => at === target || at + ENDBR64_BYTES === target))
			changed[one] = { ...caller, inside: sites };
	}
	return changed;
}

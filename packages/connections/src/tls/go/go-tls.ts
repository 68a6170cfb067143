import { ElfError, type ElfFile, viewOf } from "../elf-file.ts";
import { isX86, probeCost } from "../probe-cost.ts";
import type { TlsCall, TlsFunction, TlsSite } from "../tls-functions.ts";
import { REGISTER } from "../x86/instruction.ts";
import { entrySite } from "../x86/probe-sites.ts";
import { goVersion } from "./build-info.ts";
import { type GoFunction, goFunctions } from "./function-table.ts";

/** Functions of Go's crypto/tls through which all plaintext passes. */
const FUNCTIONS: Readonly<Record<string, TlsCall>> = {
	"crypto/tls.(*Conn).Read": "read",
	"crypto/tls.(*Conn).Write": "write",
	"crypto/tls.(*Conn).handshakeContext": "handshake",
};

/** The registers that the programs read: the connection, the buffer, the goroutine. */
const ARGUMENTS = REGISTER.rax | REGISTER.rbx | REGISTER.r14;

/** What there is to watch in a Go program, or why nothing is. */
export interface GoTls {
	readonly functions: readonly TlsFunction[];
	readonly reason: string | undefined;
	/** It contains crypto/tls. */
	readonly hasTls: boolean;
}

/** Looks for crypto/tls in a Go program; undefined when the file is none. Never throws for what it contains. */
export function goTls(file: ElfFile): GoTls | undefined {
	const nothing = (reason: string, hasTls: boolean): GoTls => ({ functions: [], reason, hasTls });
	try {
		const version = goVersion(file);
		if (version === undefined) return undefined;
		const found = goFunctions(file, Object.keys(FUNCTIONS));
		if (found.size === 0) return nothing("it is a Go program without crypto/tls", false);
		const oldest = isX86(file) ? 17 : 18;
		const minor = Number(/go1\.(\d+)/.exec(version)?.[1] ?? NaN);
		if (!(minor >= oldest)) return nothing(`its Go (${version || "unknown"}) is older than 1.${oldest}`, true);
		const missing = Object.keys(FUNCTIONS).find((name) => (found.get(name)?.returns.length ?? 0) === 0);
		if (missing !== undefined) return nothing(`the returns of its ${missing} cannot be told`, true);
		const functions = [...found].map(([name, place]) => watchedFunction(file, name, place));
		return { functions, reason: undefined, hasTls: true };
	} catch (error) {
		if (error instanceof ElfError) return nothing(`its Go functions cannot be read: ${error.message}`, true);
		throw error;
	}
}

/** A return cannot be caught by the return address, as Go moves stacks: there is a probe on every return instruction. */
function watchedFunction(file: ElfFile, name: string, { offset, size, returns }: GoFunction): TlsFunction {
	const at = (place: number): TlsSite => ({ offset: place, atReturn: false, cost: probeCost(file, place) });
	const call = FUNCTIONS[name] as TlsCall;
	const plain = { call, entry: at(offset + entryOffset(file, offset, size)), exits: returns.map(at) };
	return { name, call, offset, plain, inside: undefined };
}

/**
 * Go's functions begin with a look whether the stack is large enough, which ends in a branch that the kernel emulates. A call
 * that has to wait for a larger stack begins again and passes it twice; the last time counts.
 */
function entryOffset(file: ElfFile, offset: number, size: number): number {
	if (!isX86(file)) return 0;
	const view = viewOf(file.source, offset, size, "a function");
	return entrySite(new Uint8Array(view.buffer, view.byteOffset, size), ARGUMENTS)?.offset ?? 0;
}

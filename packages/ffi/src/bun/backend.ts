import { createRequire } from "node:module";
import { type Conversions, convert } from "../convert.ts";
import { libraryError, reasonOf, symbolError } from "../errors.ts";
import type { ArgumentType, Backend, NativeFunction, ReturnType, SymbolTable } from "../types.ts";

interface BunSignature {
	readonly args: readonly string[];
	readonly returns: string;
}

interface BunLibrary {
	readonly symbols: Record<string, NativeFunction>;
	close(): void;
}

/** The part of bun:ffi used here. */
interface BunFfi {
	dlopen(path: string, symbols: Record<string, BunSignature>): BunLibrary;
	ptr(bytes: Uint8Array): number;
}

// The _fast types give a number where it is exact and a bigint elsewhere. A buffer goes as "ptr": Bun takes the view's address.
const types: Record<ArgumentType | ReturnType, string> = {
	i32: "i32",
	u32: "u32",
	i64: "i64",
	u64: "u64",
	f64: "f64",
	pointer: "u64",
	buffer: "ptr",
	void: "void",
};

// Bun refuses a view of no bytes; the callee gets an address it must not read, as everywhere else.
const nothing: Uint8Array = new Uint8Array(8);

const conversions: Conversions = {
	args: {
		pointer: (value: bigint | null) => value ?? 0n,
		buffer: (value: Uint8Array | null) => (value !== null && value.byteLength === 0 ? nothing : value),
	},
	returns: { i64: Number, u64: Number, pointer: BigInt },
};

function bunSymbols(symbols: SymbolTable): Record<string, BunSignature> {
	return Object.fromEntries(
		Object.entries(symbols).map(([name, signature]) => [
			name,
			{ args: signature.args.map((type) => types[type]), returns: types[signature.returns] },
		]),
	);
}

/** bun:ffi; undefined in other runtimes. */
export function bunBackend(): Backend | undefined {
	if (process.versions.bun === undefined) return undefined;
	const ffi = createRequire(import.meta.url)("bun:ffi") as BunFfi;
	return {
		name: "bun:ffi",
		open(path, symbols) {
			let library: BunLibrary;
			try {
				library = ffi.dlopen(path, bunSymbols(symbols));
			} catch (error) {
				const missing = /Symbol "([^"]+)" not found/.exec(reasonOf(error))?.[1];
				throw missing === undefined ? libraryError(path, error) : symbolError(path, missing, error);
			}
			const functions: Record<string, NativeFunction> = {};
			for (const [name, signature] of Object.entries(symbols)) {
				functions[name] = convert(library.symbols[name]!, signature, conversions);
			}
			return { functions, close: () => library.close() };
		},
		addressOf: (bytes) => BigInt(ffi.ptr(bytes)),
	};
}

import { type Conversions, convert } from "../convert.ts";
import { libraryError, symbolError } from "../errors.ts";
import type { ArgumentType, Backend, NativeFunction, ReturnType, SymbolTable } from "../types.ts";

interface DenoSignature {
	readonly parameters: readonly string[];
	readonly result: string;
}

/** The part of Deno's FFI used here. */
interface DenoFfi {
	dlopen(
		path: string,
		symbols: Record<string, DenoSignature>,
	): { readonly symbols: Record<string, NativeFunction>; close(): void };
	readonly UnsafePointer: { of(bytes: Uint8Array): object | null; value(pointer: object | null): bigint };
}

// An address travels as u64: on the machines we know it is the same register, and no pointer object is made for each call.
const types: Record<ArgumentType | ReturnType, string> = {
	i32: "i32",
	u32: "u32",
	i64: "i64",
	u64: "u64",
	f64: "f64",
	pointer: "u64",
	buffer: "buffer",
	void: "void",
};

const conversions: Conversions = {
	args: { pointer: (value: bigint | null) => value ?? 0n },
	returns: { i64: Number, u64: Number, pointer: BigInt },
};

function denoSymbols(symbols: SymbolTable): Record<string, DenoSignature> {
	return Object.fromEntries(
		Object.entries(symbols).map(([name, signature]) => [
			name,
			{ parameters: signature.args.map((type) => types[type]), result: types[signature.returns] },
		]),
	);
}

/** Deno.dlopen; undefined in other runtimes. */
export function denoBackend(): Backend | undefined {
	const deno = (globalThis as { Deno?: DenoFfi }).Deno;
	if (deno === undefined || typeof deno.dlopen !== "function") return undefined;
	return {
		name: "deno",
		open(path, symbols) {
			// Opened bare first: whatever fails afterwards is a missing function.
			try {
				deno.dlopen(path, {}).close();
			} catch (error) {
				throw libraryError(path, error);
			}
			const functions: Record<string, NativeFunction> = {};
			const libraries: { close(): void }[] = [];
			const close = (): void => {
				for (const library of libraries) library.close();
			};
			try {
				const library = deno.dlopen(path, denoSymbols(symbols));
				libraries.push(library);
				for (const [name, signature] of Object.entries(symbols)) {
					functions[name] = convert(library.symbols[name]!, signature, conversions);
				}
			} catch (error) {
				close();
				throw symbolError(path, missingName(error) ?? Object.keys(symbols).join(", "), error);
			}
			return { functions, close };
		},
		addressOf: (bytes) => deno.UnsafePointer.value(deno.UnsafePointer.of(bytes)),
	};
}

/** Deno's text quotes the function it did not find. */
function missingName(error: unknown): string | undefined {
	return error instanceof Error ? /symbol[:\s]+[`'"]?([A-Za-z_]\w*)/.exec(error.message)?.[1] : undefined;
}

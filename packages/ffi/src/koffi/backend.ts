import { createRequire } from "node:module";
import { type Conversions, convert } from "../convert.ts";
import { attempt, libraryError, symbolError } from "../errors.ts";
import type { ArgumentType, Backend, NativeFunction, ReturnType } from "../types.ts";

/** The part of koffi used here. */
interface Koffi {
	load(path: string): {
		func(name: string, result: string, args: readonly string[]): NativeFunction;
		unload(): void;
	};
	address(value: Uint8Array): number | bigint;
}

// An address travels as u64; koffi would wrap a pointer into an object of its own.
const types: Record<ArgumentType | ReturnType, string> = {
	i32: "int32_t",
	u32: "uint32_t",
	i64: "int64_t",
	u64: "uint64_t",
	f64: "double",
	pointer: "uint64_t",
	buffer: "void *",
	void: "void",
};

const conversions: Conversions = {
	args: { pointer: (value: bigint | null) => value ?? 0n },
	returns: { i64: Number, u64: Number, pointer: BigInt },
};

/** koffi, an optional package; undefined where it is not installed. */
export function koffiBackend(): Backend | undefined {
	let koffi: Koffi;
	try {
		koffi = createRequire(import.meta.url)("koffi") as Koffi;
	} catch {
		return undefined;
	}
	return {
		name: "koffi",
		open(path, symbols) {
			const library = attempt(
				() => koffi.load(path),
				(error) => libraryError(path, error),
			);
			const functions: Record<string, NativeFunction> = {};
			for (const [name, signature] of Object.entries(symbols)) {
				const args = signature.args.map((type) => types[type]);
				const raw = attempt(
					() => library.func(name, types[signature.returns], args),
					(error) => {
						library.unload();
						return symbolError(path, name, error);
					},
				);
				functions[name] = convert(raw, signature, conversions);
			}
			return { functions, close: () => library.unload() };
		},
		addressOf: (bytes) => BigInt(koffi.address(bytes)),
	};
}

import { type Conversions, convert } from "../convert.ts";
import { attempt, libraryError, symbolError } from "../errors.ts";
import type { ArgumentType, Backend, NativeFunction, ReturnType } from "../types.ts";

/** The part of node:ffi used here. Declared by hand: the package also compiles against types of a Node that lacks it. */
interface NodeFfi {
	readonly DynamicLibrary: new (
		path: string,
	) => {
		getFunction(name: string, signature: { return: string; arguments: readonly string[] }): NativeFunction;
		close(): void;
	};
	getRawPointer(buffer: ArrayBufferLike): bigint;
}

// `return` and `arguments` are the only keys node:ffi looks at; it ignores others without a word.
const types: Record<ArgumentType | ReturnType, string> = {
	i32: "int32",
	u32: "uint32",
	i64: "int64",
	u64: "uint64",
	f64: "double",
	pointer: "pointer",
	buffer: "buffer",
	void: "void",
};

const conversions: Conversions = {
	args: { i64: (value: number | bigint) => BigInt(value), u64: (value: number | bigint) => BigInt(value) },
	returns: { i64: Number, u64: Number },
};

/** Loads node:ffi without its ExperimentalWarning; every other warning passes. */
function loadQuietly(): NodeFfi | undefined {
	const original = process.emitWarning;
	process.emitWarning = ((warning: string | Error, ...rest: unknown[]): void => {
		if (!String(warning).startsWith("FFI is an experimental feature")) {
			(original as (...args: unknown[]) => void).call(process, warning, ...rest);
		}
	}) as typeof process.emitWarning;
	try {
		return process.getBuiltinModule("node:ffi") as unknown as NodeFfi | undefined;
	} finally {
		process.emitWarning = original;
	}
}

/** node:ffi, in Node 26.1 and later; undefined where this Node has none. */
export function nodeBackend(): Backend | undefined {
	const ffi = loadQuietly();
	if (ffi === undefined) return undefined;
	return {
		name: "node:ffi",
		open(path, symbols) {
			const library = attempt(
				() => new ffi.DynamicLibrary(path),
				(error) => libraryError(path, error),
			);
			const functions: Record<string, NativeFunction> = {};
			for (const [name, signature] of Object.entries(symbols)) {
				const native = { return: types[signature.returns], arguments: signature.args.map((type) => types[type]) };
				const raw = attempt(
					() => library.getFunction(name, native),
					(error) => {
						library.close();
						return symbolError(path, name, error);
					},
				);
				functions[name] = convert(raw, signature, conversions);
			}
			return { functions, close: () => library.close() };
		},
		addressOf: (bytes) => ffi.getRawPointer(bytes.buffer) + BigInt(bytes.byteOffset),
	};
}

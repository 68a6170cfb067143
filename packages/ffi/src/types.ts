/**
 * The words of a signature.
 *
 * `pointer` carries an address as a bigint (or null); `buffer` lends the callee the bytes of a Uint8Array (or null) for the time of
 * the call. 64-bit integers go in as number or bigint and come out as numbers, exact below 2^53.
 */
export type ArgumentType = "i32" | "u32" | "i64" | "u64" | "f64" | "pointer" | "buffer";

/** What a function may return. */
export type ReturnType = "i32" | "u32" | "i64" | "u64" | "f64" | "pointer" | "void";

/** One function's signature. */
export interface Signature {
	readonly args: readonly ArgumentType[];
	readonly returns: ReturnType;
}

/** The functions wanted of a library, by name. */
export type SymbolTable = Readonly<Record<string, Signature>>;

interface ArgumentValues {
	i32: number;
	u32: number;
	i64: number | bigint;
	u64: number | bigint;
	f64: number;
	pointer: bigint | null;
	buffer: Uint8Array | null;
}

interface ReturnValues {
	i32: number;
	u32: number;
	i64: number;
	u64: number;
	f64: number;
	pointer: bigint;
	void: undefined;
}

type ArgumentsOf<A extends readonly ArgumentType[]> = { [K in keyof A]: ArgumentValues[A[K]] };

/** The JavaScript function a signature stands for. */
export type Callable<S extends Signature> = (...args: ArgumentsOf<S["args"]>) => ReturnValues[S["returns"]];

/** The functions of a symbol table. */
export type Symbols<T extends SymbolTable> = { [K in keyof T]: Callable<T[K]> };

/** The four ways to call native code. */
export type BackendName = "node:ffi" | "bun:ffi" | "deno" | "koffi";

/** A function of any signature, as backends hand them over. */
export type NativeFunction = (...args: never[]) => unknown;

/** What a backend makes of a library: raw functions that keep this package's types, and how to let go of it. */
export interface OpenedLibrary {
	readonly functions: Record<string, NativeFunction>;
	close(): void;
}

/** One runtime's way to open a library. Signatures are checked before it is asked. */
export interface Backend {
	readonly name: BackendName;
	/** Opens the library; throws {@linkcode FfiError}. */
	open(path: string, symbols: SymbolTable): OpenedLibrary;
	/** The address of the first byte of memory that does not move. */
	addressOf(bytes: Uint8Array): bigint;
}

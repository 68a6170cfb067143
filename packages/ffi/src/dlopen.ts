import { backend } from "./backend.ts";
import { FfiError } from "./errors.ts";
import type { BackendName, NativeFunction, Symbols, SymbolTable } from "./types.ts";

/** An open library. */
export interface Library<T extends SymbolTable> extends Disposable {
	/** The functions asked for. */
	readonly symbols: Symbols<T>;
	/** Which of the four backends carries the calls. */
	readonly backend: BackendName;
	/** Unloads the library. Its functions throw from then on; one that was taken out of `symbols` before must not be called. */
	close(): void;
}

const argumentTypes: ReadonlySet<string> = new Set(["i32", "u32", "i64", "u64", "f64", "pointer", "buffer"]);
const returnTypes: ReadonlySet<string> = new Set(["i32", "u32", "i64", "u64", "f64", "pointer", "void"]);

/**
 * Opens a shared library and binds its functions.
 *
 * The types of the methods follow from the table. Nothing checks that a signature is the function's own: a wrong one corrupts memory
 * or crashes, so test each binding against a value you know.
 *
 * @example
 * ```ts
 * import { dlopen } from "@wirescribe/ffi";
 *
 * using libc = dlopen("libc.so.6", { getpid: { args: [], returns: "i32" } });
 * console.log(libc.symbols.getpid() === process.pid);
 * ```
 */
export function dlopen<const T extends SymbolTable>(path: string, symbols: T): Library<T> {
	checkTypes(path, symbols);
	const { name, open } = backend();
	const library = open(path, symbols);
	let closed = false;
	const close = (): void => {
		if (closed) return;
		closed = true;
		for (const symbol of Object.keys(library.functions)) library.functions[symbol] = refuse(path, symbol);
		library.close();
	};
	return { symbols: library.functions as unknown as Symbols<T>, backend: name, close, [Symbol.dispose]: close };
}

function refuse(path: string, symbol: string): NativeFunction {
	return () => {
		throw new FfiError(
			"ERR_FFI_CLOSED",
			`Cannot call ${symbol}: the library ${path} was closed: keep it open while it is used`,
		);
	};
}

function checkTypes(path: string, symbols: SymbolTable): void {
	// Bun refuses it; so that a program behaves alike everywhere, all do.
	if (Object.keys(symbols).length === 0) {
		throw new FfiError("ERR_FFI_SYMBOL", `Cannot open ${path} for nothing: name at least one function of it`);
	}
	for (const [name, { args, returns }] of Object.entries(symbols)) {
		const wrong = args.find((type) => !argumentTypes.has(type)) ?? (returnTypes.has(returns) ? undefined : returns);
		if (wrong === undefined) continue;
		const use = `use one of ${[...argumentTypes].join(", ")}, or void as a result; a buffer cannot be a result`;
		throw new FfiError(
			"ERR_FFI_TYPE",
			`Cannot bind ${name} of ${path}: there is no type ${String(wrong)} there: ${use}`,
		);
	}
}

/** Stable codes of {@linkcode FfiError}. */
export type FfiErrorCode =
	/** The library cannot be loaded. */
	| "ERR_FFI_LIBRARY"
	/** The library has no such function. */
	| "ERR_FFI_SYMBOL"
	/** A signature names an unknown type. */
	| "ERR_FFI_TYPE"
	/** This runtime has no way to call native code. */
	| "ERR_FFI_BACKEND"
	/** The library was closed. */
	| "ERR_FFI_CLOSED";

/** What this package throws: a stable `code`, and a message that says what could not be done, why, and what to do. */
export class FfiError extends Error {
	override readonly name: string = "FfiError";
	readonly code: FfiErrorCode;

	constructor(code: FfiErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** The text of whatever was thrown. */
export function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** A library could not be opened. */
export function libraryError(path: string, error: unknown): FfiError {
	const advice = "check that the file exists and was built for this machine and libc";
	return new FfiError("ERR_FFI_LIBRARY", `Cannot load the library ${path}: ${reasonOf(error)}: ${advice}`, {
		cause: error,
	});
}

/** A library lacks a function. */
export function symbolError(path: string, name: string, error: unknown): FfiError {
	const message = `Cannot find the function ${name} in ${path}: ${reasonOf(error)}: check its spelling and the library's version`;
	return new FfiError("ERR_FFI_SYMBOL", message, { cause: error });
}

/** Runs an action; what it throws is replaced by what `explain` makes of it. */
export function attempt<T>(action: () => T, explain: (error: unknown) => FfiError): T {
	try {
		return action();
	} catch (error) {
		throw explain(error);
	}
}

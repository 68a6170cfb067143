/** Stable codes of {@linkcode BpfError}: what failed. Why it failed is its `errno`. */
export type BpfErrorCode =
	/** The native library cannot be loaded. */
	| "ERR_BPF_LIBRARY"
	/** The bytes are not a BPF object that libbpf can read. */
	| "ERR_BPF_OPEN"
	/** The kernel or libbpf refused to load the object. */
	| "ERR_BPF_LOAD"
	/** The kernel's verifier refused a program; `log` has its words. */
	| "ERR_BPF_VERIFIER"
	/** The object has no map, program or global variable of that name. */
	| "ERR_BPF_NOT_FOUND"
	/** A setting came too late, or has a value libbpf refuses. */
	| "ERR_BPF_CONFIG"
	/** A map operation failed. */
	| "ERR_BPF_MAP"
	/** A program operation failed. */
	| "ERR_BPF_PROGRAM"
	/** A program could not be attached. */
	| "ERR_BPF_ATTACH"
	/** A name in the BPF file system could not be made or opened. */
	| "ERR_BPF_PIN"
	/** A ring buffer or perf buffer could not be opened or drained. */
	| "ERR_BPF_BUFFER"
	/** The next record is larger than the memory given to drain into. */
	| "ERR_BPF_RECORD_SIZE"
	/** tracefs is not there and cannot be mounted. */
	| "ERR_BPF_TRACEFS"
	/** The object, map, link or buffer was closed. */
	| "ERR_BPF_CLOSED";

/** What a {@linkcode BpfError} knows beside its sentence. */
export interface BpfErrorOptions extends ErrorOptions {
	readonly errno?: string;
	readonly log?: string;
}

/** What this package throws: `code` says what failed, `errno` names why ("EPERM"), `log` holds libbpf's and the verifier's own words. */
export class BpfError extends Error {
	override readonly name: string = "BpfError";
	readonly code: BpfErrorCode;
	/** The errno's name; empty when the kernel was not asked. */
	readonly errno: string;
	/** What libbpf printed during the call, the verifier's log included: at most the last 32 KiB. */
	readonly log: string;

	constructor(code: BpfErrorCode, message: string, options: BpfErrorOptions = {}) {
		super(message, options);
		this.code = code;
		this.errno = options.errno ?? "";
		this.log = options.log ?? "";
	}
}

/** Something was used after it was closed. */
export function closedError(what: string): BpfError {
	return new BpfError("ERR_BPF_CLOSED", `Cannot use ${what}: it was closed: keep it open while it is used`, {
		errno: "EBADF",
	});
}

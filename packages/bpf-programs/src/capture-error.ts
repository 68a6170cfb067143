/** Stable codes of {@linkcode CaptureError}. */
export type CaptureErrorCode =
	/** There is no prebuilt object for this machine. */
	| "ERR_CAPTURE_ARCH"
	/** The kernel is older than the programs need. */
	| "ERR_CAPTURE_KERNEL"
	/** No room was made for the selection that was asked for. */
	| "ERR_CAPTURE_RESELECT"
	/** The capture was closed. */
	| "ERR_CAPTURE_CLOSED";

/** What this package throws itself; what the kernel refuses comes as a `BpfError` of `@wirescribe/libbpf`. */
export class CaptureError extends Error {
	override readonly name: string = "CaptureError";
	readonly code: CaptureErrorCode;

	constructor(code: CaptureErrorCode, message: string) {
		super(message);
		this.code = code;
	}
}

/** What the collector throws. `code` is stable: the system's own (`EADDRINUSE`, `EACCES`, ...) or one of ours. */
export class CollectorError extends Error {
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.name = "CollectorError";
		this.code = code;
	}
}

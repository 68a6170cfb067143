/** Exit codes, after sysexits(3) where it has one. */
export const EXIT = {
	ok: 0,
	runtime: 1,
	usage: 2,
	unsupported: 69,
	permission: 77,
	config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure told to the user in one line: what could not be done, why, and what to do. Never shown with a stack. */
export class CliError extends Error {
	readonly exitCode: ExitCode;
	constructor(message: string, exitCode: ExitCode = EXIT.runtime, options?: ErrorOptions) {
		super(message, options);
		this.name = "CliError";
		this.exitCode = exitCode;
	}
}

/** What any error says: a failure that nobody foresaw still names itself, without its stack. */
export function errorMessage(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** The string `code` that this project's errors (and Node's) carry. */
export function errorCode(error: unknown): string | undefined {
	const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
	return typeof code === "string" ? code : undefined;
}

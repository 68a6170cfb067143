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
	/** Lines to be shown below: the place in what the user wrote. */
	readonly excerpt: string | undefined;
	constructor(
		message: string,
		exitCode: ExitCode = EXIT.runtime,
		options?: ErrorOptions & { readonly excerpt?: string },
	) {
		super(message, options);
		this.name = "CliError";
		this.exitCode = exitCode;
		this.excerpt = options?.excerpt;
	}

	/** What is shown: the message, in one line. A failure with several parts has one for each. */
	get lines(): readonly string[] {
		return [this.message.replaceAll(/\s*\n\s*/g, " · ")];
	}
}

/** What any error says, mostly one line: a failure that nobody foresaw still names itself, without its stack. */
export function errorLines(error: unknown): readonly string[] {
	if (error instanceof CliError) return error.lines;
	return [error instanceof Error ? error.message : String(error)];
}

/** The string `code` that this project's errors (and Node's) carry. */
export function errorCode(error: unknown): string | undefined {
	const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
	return typeof code === "string" ? code : undefined;
}

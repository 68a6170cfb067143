import { CliError, EXIT } from "../cli/errors.ts";

/** Where something stands in a configuration file. Lines and columns count from 1, as editors do. */
export interface Position {
	readonly file: string;
	readonly line: number;
	readonly column: number;
}

/** Something that is wrong with the configuration, or worth saying of it. */
export interface Problem {
	/** Undefined: it does not come of the file. */
	readonly at?: Position;
	readonly message: string;
}

/** `FILE:LINE:COLUMN: message`, as compilers write it: editors and CI find the place. */
export function problemLine({ at, message }: Problem): string {
	return at ? `${at.file}:${at.line}:${at.column}: ${message}` : message;
}

/** The file is not there, or not for us. */
export class UnreadableError extends CliError {
	constructor(file: string, cause: Error) {
		super(`cannot read the configuration '${file}': ${cause.message}`, EXIT.usage, { cause });
		this.name = "UnreadableError";
	}
}

/** All that is wrong with a configuration, at once. */
export class ConfigError extends CliError {
	readonly problems: readonly Problem[];

	/** `excerpt`: lines that show the place in a value. */
	constructor(problems: readonly Problem[], excerpt?: string) {
		super(problems.map(problemLine).join("\n"), EXIT.usage, excerpt === undefined ? {} : { excerpt });
		this.name = "ConfigError";
		this.problems = problems;
	}

	override get lines(): readonly string[] {
		return this.problems.map(problemLine);
	}
}

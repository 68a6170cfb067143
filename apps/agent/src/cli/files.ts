import { readFileSync } from "node:fs";
import { CliError, EXIT } from "./errors.ts";

/** The file that an option names. */
export function readOption(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		throw new CliError(`cannot read '${file}': ${(error as Error).message}`, EXIT.usage, { cause: error });
	}
}

/** The token in a file: on the command line it would be there for everybody to see. */
export function tokenOf(option: string, file: string): string {
	const token = readOption(file).trim();
	if (/^[!-~][ -~]*$/.test(token)) return token;
	throw new CliError(`cannot use '${file}' as --${option}: it must hold one line of printable ASCII`, EXIT.usage);
}

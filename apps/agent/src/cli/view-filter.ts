import { compileFilter, FilterError } from "@wirescribe/filter";
import type { Predicate } from "@wirescribe/live-view";
import { CliError, EXIT } from "./errors.ts";

/** A filter for what lines say. Throws an `Error` whose message is one line. */
export function viewFilter(text: string): Predicate {
	try {
		const filter = compileFilter(text);
		return (tx) => filter.matches(tx);
	} catch (error) {
		if (error instanceof FilterError) throw new CliError(error.summary, EXIT.usage, { cause: error });
		throw error;
	}
}

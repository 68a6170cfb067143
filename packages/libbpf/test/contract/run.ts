/** Runs the contract in whichever runtime starts this file; prints one JSON line: each case's error or null. */
import { cases } from "./cases.ts";

const results: Record<string, string | null> = {};
for (const [name, run] of Object.entries(cases)) {
	try {
		await run();
		results[name] = null;
	} catch (error) {
		results[name] = error instanceof Error ? (error.stack ?? error.message) : String(error);
	}
}
console.log(JSON.stringify(results));

/** Runs the contract in whichever runtime starts this file; prints one JSON line: the backend, and each case's error or null. */
import { dlopen } from "../src/index.ts";
import { cases } from "./contract.ts";

const results: Record<string, string | null> = {};
for (const [name, run] of Object.entries(cases)) {
	try {
		run();
		results[name] = null;
	} catch (error) {
		results[name] = error instanceof Error ? (error.stack ?? error.message) : String(error);
	}
}
const library = dlopen("libc.so.6", { getpid: { args: [], returns: "i32" } });
console.log(JSON.stringify({ backend: library.backend, results }));
library.close();

/**
 * Runs every case in whatever runtime this is, and prints how many held. On stderr is each one's name before it runs: the
 * last one has failed, or hangs.
 */
import process from "node:process";
import { allCases } from "./all-cases.ts";

const only = process.argv[2] ?? "";
let count = 0;
for (const [name, body] of allCases.filter((one) => one[0].includes(only))) {
	process.stderr.write(`${name}\n`);
	try {
		await body();
		count++;
	} catch (error) {
		process.stderr.write(`not ok: ${error instanceof Error ? error.stack : String(error)}\n`);
		process.exit(1);
	}
}
process.stdout.write(`ok ${count}\n`);

/** Runs every case in whatever runtime this is; prints how many held, fails with the first that does not. */
import process from "node:process";
import { allCases } from "./all-cases.ts";

const only = process.argv[2] ?? "";
let count = 0;
for (const [name, body] of allCases.filter((one) => one[0].includes(only))) {
	try {
		await body();
		count++;
	} catch (error) {
		process.stderr.write(`not ok: ${name}\n${error instanceof Error ? error.stack : String(error)}\n`);
		process.exit(1);
	}
}
process.stdout.write(`ok ${count}\n`);

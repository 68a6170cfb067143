/** Runs the contract in whatever runtime this is; prints a line per case, fails with the first that fails. */
import process from "node:process";
import { cases, threadCases } from "./contract.ts";

let count = 0;
async function run(name: string, body: () => Promise<void>): Promise<void> {
	try {
		await body();
		count++;
	} catch (error) {
		process.stderr.write(`not ok: ${name}\n${error instanceof Error ? error.stack : String(error)}\n`);
		process.exit(1);
	}
}
for (const placement of ["inline", "threads"] as const) {
	for (const [name, body] of Object.entries(cases)) await run(`${placement}: ${name}`, () => body(placement));
}
for (const [name, body] of Object.entries(threadCases)) await run(name, body);
process.stdout.write(`ok ${count}\n`);

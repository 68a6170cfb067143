import { writeFileSync } from "node:fs";
import process from "node:process";
import { type Ledger, ledgerText } from "@wirescribe/pipeline";

/** Shows a ledger on stderr and, when asked, writes it to a file as JSON. */
export function reportLedger(ledger: Ledger, file: string | undefined): void {
	process.stderr.write(ledgerText(ledger));
	if (file === undefined) return;
	try {
		writeFileSync(file, `${JSON.stringify(ledger, null, 2)}\n`);
	} catch (error) {
		process.stderr.write(`wirescribe: cannot write the ledger to '${file}': ${(error as Error).message}\n`);
		process.exitCode = 1;
	}
}

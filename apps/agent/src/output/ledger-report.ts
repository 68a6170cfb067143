import { writeFileSync } from "node:fs";
import process from "node:process";
import { isBalanced, type Ledger, ledgerText } from "@wirescribe/pipeline";
import { log } from "../logging/log.ts";

/** Shows a ledger on stderr and, when asked, writes it to a file as JSON. */
export function reportLedger(ledger: Ledger, file: string | undefined): void {
	if (log.format === "text") process.stderr.write(ledgerText(ledger));
	else log.info("ledger", { pauseMs: 0, fields: { balanced: isBalanced(ledger), ledger } });
	if (file === undefined) return;
	try {
		writeFileSync(file, `${JSON.stringify(ledger, null, 2)}\n`);
	} catch (error) {
		log.error(`cannot write the ledger to '${file}': ${(error as Error).message}`);
		process.exitCode = 1;
	}
}

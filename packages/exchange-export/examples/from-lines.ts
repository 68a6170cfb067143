/** The JSON lines on stdin as an export: `wirescribe replay FILE --output json | node examples/from-lines.ts har`. */
import process from "node:process";
import { createInterface } from "node:readline";
import { createExporter, EXPORT_FORMATS } from "@wirescribe/exchange-export";

const format = EXPORT_FORMATS.find((one) => one === process.argv[2]) ?? "har";
const exporter = createExporter(format, { creator: { name: "from-lines", version: "1.0.0" }, notes: [] });
process.stdout.write(exporter.head());
for await (const line of createInterface({ input: process.stdin })) {
	process.stdout.write(exporter.exchange(JSON.parse(line)));
}
process.stdout.write(exporter.tail());

/** One frame of what the JSON lines on stdin say: `wirescribe replay FILE --output json | node examples/from-lines.ts`. */
import process from "node:process";
import { createInterface } from "node:readline";
import { frameText, LiveView } from "@wirescribe/live-view";

const view = new LiveView({ title: "lines on stdin" });
view.tick(Date.now());
for await (const line of createInterface({ input: process.stdin })) view.add(JSON.parse(line));
process.stdout.write(`${frameText(view.frame(process.stdout.columns || 80, 24))}\n`);

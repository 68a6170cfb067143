/* A sender as a process of its own: `client-process.ts grpc|h2 HOST:PORT COUNT`. Delivers, then prints its ledger. */
import process from "node:process";
import { put, startSender } from "./traffic.ts";

const sender = startSender(process.argv[2] === "h2" ? "h2" : "grpc", process.argv[3] ?? "");
for (let n = 0; n < Number(process.argv[4]); n++) put(sender, n);
console.log(JSON.stringify(await sender.shutdown()));

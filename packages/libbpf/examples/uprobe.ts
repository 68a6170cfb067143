/** A probe on a function of libc: which processes call `getpgid`, and how often. As root: `node examples/uprobe.ts [milliseconds]`. */
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { BpfObject, u32, u64 } from "@wirescribe/libbpf";

const object = BpfObject.open(readFileSync(new URL("./trace.bpf.o", import.meta.url)));
object.load();
const link = object.program("count_function").attachUprobe({ path: "libc.so.6", symbol: "getpgid" });
console.log("counting");
await new Promise((resolve) => setTimeout(resolve, Number(argv[2] ?? 1000)));
link.close();

for (const [pid, count] of object.map("counts").typed(u32, u64)) console.log(`pid ${pid}: ${count}`);
object.close();

/** A counter map: how often each process calls getpgid(2). As root: `node examples/counter.ts [milliseconds]`. */
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { BpfObject, u32, u64 } from "@wirescribe/libbpf";

const object = BpfObject.open(readFileSync(new URL("./trace.bpf.o", import.meta.url)));
object.load();
const link = object.program("count_call").attachTracepoint("syscalls", "sys_enter_getpgid");
console.log("counting");
await new Promise((resolve) => setTimeout(resolve, Number(argv[2] ?? 1000)));
link.close();

for (const [pid, count] of object.map("counts").typed(u32, u64)) console.log(`pid ${pid}: ${count}`);
object.close();

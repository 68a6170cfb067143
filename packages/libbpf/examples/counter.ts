/** A counter map: how often each process calls getpgid(2). As root: `node examples/counter.ts [milliseconds]`. */
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { BpfObject } from "@wirescribe/libbpf";

const object = BpfObject.open(readFileSync(new URL("./trace.bpf.o", import.meta.url)));
object.load();
const link = object.program("count_call").attachTracepoint("syscalls", "sys_enter_getpgid");
console.log("counting");
await new Promise((resolve) => setTimeout(resolve, Number(argv[2] ?? 1000)));
link.close();

for (const [key] of object.map("counts").entries()) {
	const pid = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
	console.log(`pid ${pid}: ${object.map("counts").getNumber(key)}`);
}
object.close();

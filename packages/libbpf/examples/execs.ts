/** An execve tracer: who starts which program. As root; ends after as many as asked for: `node examples/execs.ts [count]`. */
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { BpfObject, RingBuffer } from "@wirescribe/libbpf";

const object = BpfObject.open(readFileSync(new URL("./trace.bpf.o", import.meta.url)));
object.load();
const link = object.program("on_execve").attachTracepoint("syscalls", "sys_enter_execve");
const ring = new RingBuffer(object.map("execs"));
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));

console.log("pid\tby\tprogram");
let left = Number(argv[2] ?? 10);
for await (const { bytes } of ring) {
	const pid = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
	console.log(`${pid}\t${text(bytes.subarray(4, 20))}\t${text(bytes.subarray(20))}`);
	if (--left === 0) break;
}

ring.close();
link.close();
object.close();

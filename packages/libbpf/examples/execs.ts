/** An execve tracer: who starts which program. As root; ends after as many as asked for: `node examples/execs.ts [count]`. */
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { BpfObject, decode, RingBuffer, struct, text, u32 } from "@wirescribe/libbpf";

const object = BpfObject.open(readFileSync(new URL("./trace.bpf.o", import.meta.url)));
object.load();
const link = object.program("on_execve").attachTracepoint("syscalls", "sys_enter_execve");
const ring = new RingBuffer(object.map("execs"));
const exec = struct({ pid: u32, comm: text(16), path: text(108) });

console.log("pid\tby\tprogram");
let left = Number(argv[2] ?? 10);
for await (const { bytes } of ring) {
	const { pid, comm, path } = decode(exec, bytes);
	console.log(`${pid}\t${comm}\t${path}`);
	if (--left === 0) break;
}

ring.close();
link.close();
object.close();

/** PORT PID WHERE: watches that port and the process's TLS, at functions' `plain` places, at cheaper sites `inside`, or `none`, and drains. */
import process from "node:process";
import { openCapture, openRing } from "@wirescribe/bpf-programs";
import { TlsProbes } from "@wirescribe/connections";

const [port = 0, pid = 0] = process.argv.slice(2).map(Number);
const inside = process.argv[4] === "inside";
const capture = openCapture({ select: { ports: [port] }, wakeBytes: 1 << 30 });
const ring = openRing(capture.handle(0));
const batch = new Uint8Array(1 << 20);
const trials = { begin: () => capture.beginTlsTrial(), result: (trial: number) => capture.tlsTrial(trial) };
const probes = new TlsProbes({
	attach: (path, points) => capture.attachTls(path, points),
	...(inside ? { trials } : {}),
});
if (process.argv[4] !== "none") probes.scan(pid);

setInterval(() => {
	while (ring.drain(batch) > 0);
}, 5);
setInterval(() => probes.review(), 20);
process.once("SIGINT", () => {
	const stages = probes.list().flatMap((file) => file.probes.map(({ name, stage }) => [name, stage] as const));
	console.log(JSON.stringify({ stages: Object.fromEntries(stages) }));
	process.exit();
});
console.error("attached");

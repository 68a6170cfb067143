/** PORT PID WHERE: watches that port and the process's TLS, at functions' `plain` places or at cheaper sites `inside`, and drains. */
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
probes.scan(pid);

setInterval(() => {
	while (ring.drain(batch) > 0);
}, 5);
setInterval(() => probes.review(), 20);
process.once("SIGINT", () => {
	const states = probes.list().flatMap((file) => file.probes.map(({ name, stage }) => `${name} ${stage}`));
	console.log(JSON.stringify({ states, submitted: capture.counters().submitted }));
	process.exit();
});
console.error("attached");

/**
 * `npm run soak:capture`: 1,000,000 short connections, 10,000 processes, and 2,000 that speak TLS, all with the same process id.
 * Fails if a map is not back at its idle size, or if an event told of another connection than its own. Other numbers:
 * `--connections N`, `--processes N`, `--tls-processes N`.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureDebian } from "../../../tools/debian.ts";
import { compileShortProcesses, type Endurance, shortConnections, shortProcesses } from "./short-lives.ts";

const { values } = parseArgs({
	options: {
		connections: { type: "string", default: "1000000" },
		processes: { type: "string", default: "10000" },
		"tls-processes": { type: "string", default: "2000" },
	},
});
const connections = countOf("connections", 500);
const processes = countOf("processes", 250);
const tlsProcesses = countOf("tls-processes", 250);

function countOf(name: keyof typeof values, round: number): number {
	const count = Number(values[name]);
	if (count > 0 && count % round === 0) return count;
	throw new RangeError(
		`Cannot run with --${name} ${values[name]}: it must be a multiple of ${round}, at least ${round}`,
	);
}

function show(what: string, { sockets, pids, maps }: Endurance, started: number): void {
	const sizes = [...maps].map(([name, [before, after]]) => `${name} ${before}->${after}`).join(", ");
	const seconds = ((performance.now() - started) / 1000).toFixed(1);
	console.log(`${what}: ${sockets} sockets told apart, ${pids} process ids; entries: ${sizes} (${seconds} s)`);
}

const folder = mkdtempSync(join(tmpdir(), "wirescribe-soak-"));
try {
	await ensureDebian(["gcc", "libc6-dev", "openssl", "python3"]);
	let started = performance.now();
	show(`${connections} connections`, shortConnections(connections), started);
	started = performance.now();
	const plain = join(folder, "short-processes");
	compileShortProcesses(plain);
	show(`${processes} processes`, await shortProcesses(processes, [plain, String(processes)]), started);
	const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
	const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"];
	execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert], { stdio: "pipe" });
	started = performance.now();
	const tls = ["/usr/bin/python3", join(import.meta.dirname, "tls-processes.py"), String(tlsProcesses), key, cert];
	show(`${tlsProcesses} processes with TLS`, await shortProcesses(tlsProcesses, tls), started);
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/** A signal in the middle of a load: what happened before it is delivered, and the agent ends well. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startCollector } from "@wirescribe/collector";
import type { Ledger } from "@wirescribe/pipeline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureDebian } from "../../../../tools/debian.ts";
import { startNginx } from "../../../../tools/traffic/nginx.ts";
import { Program } from "../servers.ts";
import { Wirescribe } from "../wirescribe.ts";

const LOAD = fileURLToPath(new URL("../../../../tools/traffic/load.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wirescribe-end-"));
beforeAll(() => ensureDebian(["nginx-light"]));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of `/p/<connection>/<sequence>`: the sequences of each connection. */
function byConnection(paths: Iterable<string>): Map<string, number[]> {
	const found = new Map<string, number[]>();
	for (const path of paths) {
		const [, , connection = "", sequence] = path.split("/");
		const sequences = found.get(connection) ?? [];
		sequences.push(Number(sequence));
		found.set(connection, sequences);
	}
	return found;
}

it("SIGTERM under load: every request from before it reaches the collector once, exit code 0", async () => {
	await using nginx = await startNginx({ bufferedLog: true });
	const received: string[] = [];
	await using collector = await startCollector({
		listen: "127.0.0.1:0",
		onMessage: (_stream, { protocolLog }) => {
			const path = protocolLog?.request?.path;
			if (path) received.push(path);
		},
	});
	const file = join(folder, "ledger.json");
	const args = ["--backend", `127.0.0.1:${collector.port}`, "--role", "server", "--port", String(nginx.port)];
	await using wirescribe = await Wirescribe.start(["run", ...args, "--ledger", file]);
	const load = ["--port", nginx.port, "--connections", 16, "--rate", 10_000, "--total", 60_000].map(String);
	await using client = new Program(process.execPath, [LOAD, ...load]);
	await wirescribe.until(() => received.length > 10_000, "10,000 requests at the collector");
	await sleep(500);
	wirescribe.child.kill("SIGTERM");
	expect(await wirescribe.exit(), wirescribe.stderr).toBe(0);
	expect(await client.exit(), client.output).toBe(0);

	const ledger = JSON.parse(readFileSync(file, "utf8")) as Ledger;
	expect(ledger.operations).toMatchObject({ balanced: true, inRing: 0, lost: { ring_full: 0 } });
	expect(ledger.messages.balanced).toBe(true);
	const { accepted, acked, lost } = ledger.records;
	expect(acked).toBe(accepted);
	expect(Object.values(lost).every((count) => count === 0)).toBe(true);
	expect(new Set(received).size).toBe(received.length);
	// It was in the middle, and what is missing of each connection is its end.
	const made = (await nginx.log()).map(({ path }) => path);
	expect(received.length).toBeLessThan(made.length);
	const truth = byConnection(made);
	for (const [connection, sequences] of byConnection(received)) {
		const first = truth.get(connection)?.toSorted((a, b) => a - b) ?? [];
		expect(sequences.toSorted((a, b) => a - b)).toEqual(first.slice(0, sequences.length));
	}
});

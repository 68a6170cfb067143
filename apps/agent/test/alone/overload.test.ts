/** A ring far too small, a server at its ceiling: what is lost is counted, and what is logged is right. */
import { closeSync, createReadStream, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Ledger, sum } from "@wirescribe/pipeline";
import { beforeAll, expect, it } from "vitest";
import { ensureDebian } from "../../../../tools/debian.ts";
import { startNginx } from "../../../../tools/traffic/nginx.ts";
import { Program } from "../servers.ts";
import { type Line, Wirescribe } from "../wirescribe.ts";

const REQUESTS = 60_000;

beforeAll(() => ensureDebian(["nginx-light"]));

/** The last two digits of a path, as its status and as the length of its body: a wrong pair has another number. */
function statusOf(path: string): number {
	const number = Number(/\d?\d$/.exec(path)?.[0]);
	// 204 has no body, and the load client wants a length.
	return number === 4 ? 299 : 200 + number;
}

const locations = Array.from({ length: 100 }, (_, number) => {
	const digits = String(number).padStart(2, "0");
	const ending = number < 10 ? `(?:/|0)${number}` : digits;
	return `location ~ ${ending}$ { return ${statusOf(`/${digits}`)} "${"b".repeat(number)}"; }`;
});

it("identities hold, and nothing is mispaired", async () => {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-overload-"));
	try {
		await using nginx = await startNginx({ bufferedLog: true, server: locations.join("\n") });
		const [file, ledgerFile] = [join(folder, "lines.json"), join(folder, "ledger.json")];
		const fd = openSync(file, "w");
		const options = ["--output", "json", "--port", String(nginx.port), "--ledger", ledgerFile, "--ring-size", "64KB"];
		await using wirescribe = await Wirescribe.start(["run", ...options], { stdoutFd: fd });
		closeSync(fd);
		const client = fileURLToPath(new URL("../../../../tools/traffic/load.ts", import.meta.url));
		const args = ["--port", nginx.port, "--connections", 64, "--total", REQUESTS].map(String);
		await using load = new Program(process.execPath, [client, ...args]);
		expect(await load.exit(), load.output).toBe(0);
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		const ledger = JSON.parse(readFileSync(ledgerFile, "utf8")) as Ledger;
		expectIdentities(ledger);
		expect((await nginx.log()).length).toBe(REQUESTS);
		const whole = await expectPairs(file);
		expect(whole).toBeGreaterThan(REQUESTS / 100);
		expect(whole).toBeLessThanOrEqual(ledger.messages.logged + ledger.messages.partial);
	} finally {
		rmSync(folder, { recursive: true });
	}
});

function expectIdentities({ operations, messages, records }: Ledger): void {
	expect(operations).toMatchObject({ balanced: true, inRing: 0 });
	expect(operations?.lost["ring_full"]).toBeGreaterThan(0);
	expect(sum(operations?.lost ?? {})).toBe(operations?.lost["ring_full"]);
	expect(messages).toMatchObject({ balanced: true, open: 0 });
	// Both ends of each request, read or lost.
	expect(messages.requestStartsRead + messages.requestStartsLost).toBe(2 * REQUESTS);
	expect(records).toMatchObject({ balanced: true, retained: 0 });
	expect(records.acked).toBe(records.accepted);
}

/** Every line with both halves tells those of one exchange, once a side. Returns how many there are. */
async function expectPairs(file: string): Promise<number> {
	const seen = new Set<string>();
	const wrong: Line[] = [];
	let whole = 0;
	for await (const text of createInterface({ input: createReadStream(file) })) {
		const line = JSON.parse(text) as Line;
		if (line.path === null) continue;
		const key = `${line.role} ${line.path}`;
		if (seen.has(key)) wrong.push(line);
		seen.add(key);
		if (line.status === null) continue;
		whole++;
		const number = Number(/\d?\d$/.exec(line.path)?.[0]);
		if (line.status !== statusOf(line.path) || line.response?.body_bytes !== number) wrong.push(line);
	}
	expect(wrong).toEqual([]);
	return whole;
}

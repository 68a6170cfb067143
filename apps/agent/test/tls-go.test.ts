/** The access log of Go's crypto/tls: real programs, with symbols and stripped, there before the agent and after. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { Certificate } from "./certificate.ts";
import { GoPrograms } from "./go-programs.ts";
import { Program } from "./servers.ts";
import { NODE_TLS_CLIENT } from "./tls-programs.ts";
import { bothEnds, end, run, threeRequests, watching } from "./tls-watching.ts";

let programs: GoPrograms;
const kinds = ["with symbols", "stripped"] as const;
const files = new Map<string, string>();
beforeAll(async () => {
	await ensureDebian(["curl", "openssl", "golang-go"]);
	programs = new GoPrograms();
	for (const kind of kinds) {
		for (const name of ["tls-server", "tls-client"] as const) {
			files.set(`${name} ${kind}`, programs.build(name, kind === "stripped"));
		}
	}
}, 600_000);
afterAll(() => programs[Symbol.dispose]());

/** A client of Go's that is seen from its first byte: it waits for a line until the agent has found its program. */
async function goClient(kind: string, port: number, name: string): Promise<void> {
	await using client = new Program(files.get(`tls-client ${kind}`) as string, [String(port), name]);
	await sleep(300);
	client.child.stdin?.end("\n");
	expect(await client.exit(), client.output).toBe(0);
}

/** Curl twice on one connection, Node and Go. */
async function ask(kind: string, port: number): Promise<void> {
	const url = `https://127.0.0.1:${port}/curl`;
	await run("curl", "-sk", "--http1.1", `${url}/1?size=7`, `${url}/2?size=7`);
	await run(process.execPath, "-e", NODE_TLS_CLIENT, String(port), "node");
	await goClient(kind, port, "go");
}

describe.each(kinds)("a Go server and a Go client %s", (kind) => {
	it("that were there before the agent", async () => {
		using certificate = new Certificate();
		const server = files.get(`tls-server ${kind}`) as string;
		const { program, port } = await Program.listening(server, [certificate.key, certificate.cert]);
		await using _ = program;
		await using wirescribe = await watching(port);
		await ask(kind, port);
		const ledger = await end(wirescribe, 16);
		for (const name of ["node", "go"]) threeRequests(wirescribe.lines, name);
		for (const n of [1, 2]) {
			const line = bothEnds(wirescribe.lines, `/curl/${n}?size=7`);
			expect(line).toMatchObject({ pid: program.pid, method: "GET", status: 200, response: { body_bytes: 7 } });
		}
		expect(ledger.tls.read).toBe(ledger.tls.connections);
		const watched = ledger.tls.watched.find(({ path }) => path === server);
		expect(watched?.functions).toContain("crypto/tls.(*Conn).Read");
		expect(watched?.probes.join("\n")).toMatch(/Read at .*, leaving at \d+ return instructions/);
	});

	it("that start after the agent, through perf buffers, many at a time", async () => {
		using certificate = new Certificate();
		const server = files.get(`tls-server ${kind}`) as string;
		// Its port is not known before it listens: it is told the agent by its process's name.
		await using wirescribe = await watching(
			undefined,
			"--comm",
			"tls-server",
			"--comm",
			"tls-client",
			"--queue",
			"perf",
		);
		const { program, port } = await Program.listening(server, [certificate.key, certificate.cert]);
		await using _ = program;
		await sleep(300);
		// Goroutines of one program that change threads meanwhile, on connections of their own.
		await Promise.all(Array.from({ length: 8 }, (_, n) => goClient(kind, port, `go${n}`)));
		await end(wirescribe, 48);
		for (let n = 0; n < 8; n++) threeRequests(wirescribe.lines, `go${n}`);
	});
});

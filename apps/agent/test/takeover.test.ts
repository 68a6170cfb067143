import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionState } from "../src/live/session-state.ts";
import { Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-takeover-"));
const socket = join(folder, "control.sock");
/** Every tenth answer takes a while, so that there are always requests that wait for theirs. */
const server = createServer(({ url }, response) => {
	setTimeout(() => response.end("ok"), url?.endsWith("0") ? 300 : 1);
});
let port = 0;

beforeAll(async () => {
	await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
	port = (server.address() as AddressInfo).port;
});
afterAll(() => {
	server.closeAllConnections();
	server.close();
	rmSync(folder, { recursive: true, force: true });
});

/** Requests over keep-alive connections, each with a path of its own, until it is stopped. */
class Load {
	readonly paths: string[] = [];
	#stopped = false;
	readonly #agent = new Agent({ keepAlive: true });
	readonly #workers: Promise<void>[];

	constructor(connections: number) {
		this.#workers = Array.from({ length: connections }, () => this.#work());
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		await Promise.all(this.#workers);
		this.#agent.destroy();
	}

	async #work(): Promise<void> {
		while (!this.#stopped) {
			const path = `/${this.paths.length}`;
			this.paths.push(path);
			await new Promise<void>((resolve, reject) => {
				get({ host: "127.0.0.1", port, path, agent: this.#agent }, (response) => {
					response.resume().on("end", resolve);
				}).on("error", reject);
			});
		}
	}
}

function start(...args: string[]): Promise<Wirescribe> {
	const options = ["--output", "json", "--port", String(port), "--role", "server", "--control", socket];
	return Wirescribe.start(["run", ...options, ...args], { ready: "watching " });
}

const served = (agent: Wirescribe): string[] =>
	agent.lines.filter(({ method }) => method !== null).map(({ path }) => path ?? "");

describe("an agent is replaced", () => {
	it("under load: each request is in one log, or in both and counted", async () => {
		const state = join(folder, "state.json");
		await using old = await start("--metrics-listen", "127.0.0.1:0");
		const load = new Load(8);
		await old.until(() => old.lineCount > 200, "traffic");
		await using young = await start("--takeover", "--state-file", state);
		expect(await old.exit(), old.stderr).toBe(0);
		expect(old.stderr).toMatch(/^wirescribe: version \S+ \(pid \d+\) takes over$/m);
		expect(young.stderr).toMatch(/^wirescribe: taking over from version \S+ \(pid \d+\)$/m);
		const before = young.lineCount;
		await young.until(() => young.lineCount > before + 200, "traffic");
		await young.until(() => young.stderr.includes("has delivered what was its own"), "what the old one said");
		await load.stop();
		young.child.kill("SIGUSR2");
		await young.until(() => existsSync(state) && young.stderr.includes("state written"), "its state");
		expect(await young.stop(), young.stderr).toBe(0);

		const [first, second] = [served(old), served(young)];
		const all = new Set([...first, ...second]);
		expect(load.paths.filter((path) => !all.has(path))).toEqual([]);
		expect([new Set(first).size, new Set(second).size]).toEqual([first.length, second.length]);
		const { partitions } = JSON.parse(readFileSync(state, "utf8")) as SessionState;
		const counted = partitions.reduce((sum, { handover }) => sum + handover.possibleDoubles, 0);
		expect(first.length + second.length - all.size).toBeLessThanOrEqual(counted);
		expect(partitions.reduce((sum, { handover }) => sum + handover.left, 0)).toBeGreaterThan(0);
		for (const line of [...old.lines, ...young.lines]) expect(line.status, line.path ?? "").toBe(200);
	});

	it("with a spool of its own beside the other's", async () => {
		const spool = join(folder, "spool");
		const backend = ["--backend", "127.0.0.1:1", "--spool", spool];
		await using first = await start(...backend);
		await using second = await start(...backend, "--takeover");
		await first.exit();
		await using third = await start(...backend, "--takeover");
		await second.exit();
		expect(existsSync(join(spool, "other"))).toBe(true);
		expect(readFileSync(join(spool, "lock"), "utf8")).toBe(`${third.child.pid}\n`);
		await third.stop();
	});

	it("and waits behind the new one where a supervisor would start it again", async () => {
		await using old = await start("--after-handover", "wait");
		await using young = await start("--takeover");
		await old.until(() => old.stderr.includes("has taken over; waiting for a signal"), "that it waits");
		expect(await old.stop()).toBe(0);
		await using next = await start("--takeover", "--after-handover", "wait");
		expect(await young.exit(), young.stderr).toBe(0);
		await using last = await start("--takeover");
		await next.until(() => next.stderr.includes("waiting for a signal"), "that it waits");
		last.child.kill("SIGKILL");
		expect(await next.exit(), next.stderr).toBe(1);
		expect(next.stderr).toContain("which had taken over, is gone");
	});

	it("only when it was asked to; a socket that was left behind is in nobody's way", async () => {
		await using first = await start();
		await using second = new Wirescribe(["run", "--control", socket]);
		expect(await second.exit()).toBe(1);
		expect(second.stderr).toMatch(/^wirescribe: cannot start: another agent \(pid \d+, .*--takeover$/m);
		first.child.kill("SIGKILL");
		await first.exit();
		await using third = await start("--takeover");
		expect(await third.stop(), third.stderr).toBe(0);
		expect(existsSync(socket)).toBe(false);
	});
});

/** Whose connections they are: the processes at both ends, selected and left out by what only /proc knows. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "@wirescribe/pipeline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { NODE_SERVER, Program } from "./servers.ts";
import { TestCgroup } from "./test-cgroup.ts";
import { type Line, Wirescribe } from "./wirescribe.ts";

const container = "c0ffee".padEnd(64, "7");
const folder = mkdtempSync(join(tmpdir(), "wirescribe-attribution-"));
let server: Program;
let port = 0;

beforeAll(async () => {
	await ensureDebian(["curl"]);
	({ program: server, port } = await Program.listening(process.execPath, ["-e", NODE_SERVER, "127.0.0.1"]));
});
afterAll(async () => {
	rmSync(folder, { recursive: true, force: true });
	await server[Symbol.asyncDispose]();
});

const curlOf = (path: string): [string, string[]] => [
	"curl",
	["-sS", "-m", "10", "-o", "/dev/null", `http://127.0.0.1:${port}/${path}`],
];
const curl = (path: string): void => void execFileSync(...curlOf(path), { stdio: "pipe" });
const seen = (lines: readonly Line[]): string[] => lines.map(({ role, path }) => `${role} ${path}`).sort();

/** Requests of this very process, all on one connection. */
class KeptConnection implements AsyncDisposable {
	readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
	readonly #port: number;

	constructor(port: number) {
		this.#port = port;
	}

	get(path: string): Promise<void> {
		return new Promise((resolve, reject) => {
			get({ port: this.#port, host: "127.0.0.1", path, agent: this.#agent }, (response) => {
				response.resume().on("end", () => setTimeout(resolve, 20));
			}).on("error", reject);
		});
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#agent.destroy();
	}
}

function watch(...args: string[]): Promise<Wirescribe> {
	return Wirescribe.start(["run", "--output", "json", "--port", String(port), ...args]);
}

describe.each([
	["1", "node 26"],
	["2", "node 26"],
	["2", "bun"],
	["2", "deno"],
])("with %s partitions, %s", (partitions, runtime) => {
	it("both ends within this host know their own process, and the other's", async () => {
		const args = ["run", "--output", "json", "--port", String(port), "--partitions", partitions];
		await using wirescribe = await Wirescribe.start(args, { runtime });
		for (const path of ["a", "b"]) curl(path);
		// One connection that lives on: two partitions tell each other of their sockets a moment after its start.
		await using agent = new KeptConnection(port);
		const known = ({ remote_process }: Line): boolean => remote_process !== undefined;
		const later = (): Line[] => wirescribe.lines.filter(({ path }) => path === "/later");
		while (
			new Set(
				later()
					.filter(known)
					.map(({ role }) => role),
			).size < 2
		)
			await agent.get("/later");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		const uid = process.getuid?.();
		const short = wirescribe.lines.filter(({ path }) => path !== "/later");
		expect(seen(short)).toEqual(["client /a", "client /b", "server /a", "server /b"]);
		for (const line of short) {
			const exe = line.role === "server" ? process.execPath : "/usr/bin/curl";
			expect(line).toMatchObject({ exe, uid });
			if (partitions === "1" && line.role === "server") expect(line.remote_process).toMatchObject({ comm: "curl" });
		}
		for (const line of later().filter(known)) {
			const pid = line.role === "server" ? process.pid : server.pid;
			expect(line.remote_process?.pid).toBe(pid);
		}
	});
});

describe("selection by what only /proc knows", () => {
	it("by program: also of a process that starts later, nothing of it missed", async () => {
		await using wirescribe = await watch("--exe", "/usr/bin/cur?", "--exe", "/nowhere/**");
		for (const path of ["a", "b", "c"]) curl(path);
		await wirescribe.until(() => wirescribe.lineCount >= 3, "the client's ends");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(seen(wirescribe.lines)).toEqual(["client /a", "client /b", "client /c"]);
		expect(wirescribe.stderr).not.toContain("does not balance");
	});

	it("exclusion wins; what is left out is left out by the kernel", async () => {
		const ledgerFile = join(folder, "ledger.json");
		await using wirescribe = await watch("--exclude", `pid=${server.pid}`, "--ledger", ledgerFile);
		for (const path of ["a", "b"]) curl(path);
		await wirescribe.until(() => wirescribe.lineCount >= 2, "the client's ends");
		expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
		expect(seen(wirescribe.lines)).toEqual(["client /a", "client /b"]);
		const ledger = JSON.parse(readFileSync(ledgerFile, "utf8")) as Ledger;
		expect(ledger.operations?.balanced).toBe(true);
		expect(ledger.operations?.skipped["not_selected"]).toBeGreaterThanOrEqual(4);
	});

	it("by container and cgroup, and the record says which", async () => {
		await using cgroup = new TestCgroup(`/wirescribe-test.slice/docker-${container}.scope`);
		await using byId = await watch("--container", container.slice(0, 12));
		await using byCgroup = await watch("--cgroup", "/wirescribe-test.slice/**");
		curl("outside");
		await cgroup.run(...curlOf("inside"));
		for (const wirescribe of [byId, byCgroup]) {
			await wirescribe.until(() => wirescribe.lineCount >= 1, "the container's line");
			expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
			expect(wirescribe.lines.map(({ path, role, container }) => [path, role, container])).toEqual([
				["/inside", "client", container],
			]);
		}
	});

	it("a recording knows the processes: its replay is selected and described alike, in any number of partitions", async () => {
		const file = join(folder, "recording.wsr");
		await using recorder = await Wirescribe.start(["record", file, "--port", String(port)], { ready: "recording to" });
		for (const path of ["a", "b"]) curl(path);
		expect(await recorder.stop(), recorder.stderr).toBe(0);
		const replay = async (...args: string[]): Promise<Wirescribe> => {
			await using replayed = new Wirescribe(["replay", file, "--output", "json", ...args]);
			expect(await replayed.exit(), replayed.stderr).toBe(0);
			return replayed;
		};
		const all = await replay();
		expect(seen(all.lines)).toEqual(["client /a", "client /b", "server /a", "server /b"]);
		for (const { role, remote_process } of all.lines) {
			expect(remote_process).toMatchObject(role === "client" ? { pid: server.pid } : { comm: "curl" });
		}
		for (const partitions of ["2", "5"]) expect((await replay("--partitions", partitions)).stdout).toBe(all.stdout);
		expect(seen((await replay("--exe", "**/curl")).lines)).toEqual(["client /a", "client /b"]);
		expect(seen((await replay("--exclude", "comm=curl")).lines)).toEqual(["server /a", "server /b"]);
	});

	it("what can match nothing is an error that says so", async () => {
		for (const [args, why] of [
			[["--exe", "nginx"], "--exe 'nginx' can match nothing: a path begins with '/', try '**/nginx'"],
			[["--container", "web"], "--container takes 4 to 64 hex digits of a container's id, not 'web'"],
			[
				["--exclude", "nginx"],
				"--exclude takes KIND=VALUE, KIND one of pid, port, comm, exe, container, cgroup; not 'nginx'",
			],
			[["--exclude", "port=x"], "--exclude port takes a whole number from 1 to 65535, not 'x'"],
		] as const) {
			await using wirescribe = new Wirescribe(["run", ...args]);
			expect(await wirescribe.exit()).toBe(2);
			expect(wirescribe.stderr).toContain(why);
		}
	});
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { CAPABILITIES, type Capability } from "../src/plan/capabilities.ts";
import { Certificate } from "./certificate.ts";
import { Cluster } from "./cluster.ts";
import { NODE_SERVER, Program } from "./servers.ts";
import { PYTHON_TLS_SERVER } from "./tls-programs.ts";
import { Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-privileges-"));
let cluster: Cluster;
beforeAll(async () => {
	await ensureDebian(["curl", "iproute2", "nftables", "python3", "openssl"]);
	cluster = await Cluster.create();
});
afterAll(async () => {
	rmSync(folder, { recursive: true, force: true });
	await cluster?.[Symbol.asyncDispose]();
});

const LISTED = CAPABILITIES.filter(({ need }) => need !== "special");

/** An ordinary user who has these capabilities, can get no others, and is nobody's owner here. */
function withOnly(capabilities: readonly Capability[]): string[] {
	const list = ["-all", ...capabilities.map(({ name }) => `+${name.slice(4).toLowerCase()}`)].join(",");
	const user = ["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"];
	return ["setpriv", ...user, `--inh-caps=${list}`, `--ambient-caps=${list}`, `--bounding-set=${list}`];
}

const without = (name: string): string[] => withOnly(LISTED.filter((capability) => capability.name !== name));

describe("with the capabilities of the list, and no more", () => {
	it("the agent sees plain HTTP, TLS, programs, and real peers", async () => {
		using certificate = new Certificate();
		const plain = await Program.listening(process.execPath, ["-e", NODE_SERVER, "127.0.0.1"]);
		await using _ = plain.program;
		const tls = await Program.listening("python3", ["-c", PYTHON_TLS_SERVER, certificate.key, certificate.cert]);
		await using __ = tls.program;
		const ports = ["80", plain.port, tls.port].flatMap((port) => ["--port", String(port)]);
		await using agent = await Wirescribe.start(["run", "--output", "json", ...ports], {
			through: [...Cluster.into(cluster.node), ...withOnly(LISTED)],
			tls: true,
		});
		execFileSync("curl", ["-s", `http://127.0.0.1:${plain.port}/plain`]);
		execFileSync("curl", ["-sk", `https://127.0.0.1:${tls.port}/secret`]);
		cluster.curl(cluster.node, "http://10.97.0.1/peer");
		await agent.until(() => agent.lineCount >= 5, "five ends of three requests");
		expect(await agent.stop(), agent.stderr).toBe(0);
		expect(agent.stderr).not.toContain("is missing");
		const of = (path: string, role: string) => agent.lines.find((line) => line.path === path && line.role === role);
		expect(of("/plain", "server")).toMatchObject({ comm: expect.any(String), exe: process.execPath, status: 200 });
		expect(of("/plain", "client")).toMatchObject({ comm: "curl", exe: expect.stringMatching(/\/curl$/) });
		expect(of("/secret", "server")).toMatchObject({ tls: true, status: 200 });
		expect(of("/secret", "client")).toMatchObject({ tls: true, status: 200 });
		expect(of("/peer", "client")).toMatchObject({ remote: "10.97.0.1:80", peer: "10.78.2.2:8080" });
	});

	it.each(LISTED.filter(({ need }) => need === "required").map(({ name }) => name))(
		"without %s it says in one line what is missing, and what for",
		async (name) => {
			await using agent = new Wirescribe(["run"], "node 26", undefined, without(name));
			expect(await agent.exit()).toBe(77);
			expect(agent.stderr.trimEnd().split("\n")).toHaveLength(1);
			expect(agent.stderr).toMatch(
				new RegExp(`^wirescribe: cannot watch the kernel: ${name} is missing \\(to .+\\): `),
			);
		},
	);

	it.each(LISTED.filter(({ need }) => need === "recommended").map(({ name }) => name))(
		"without %s it goes on, and says in one line what it cannot tell",
		async (name) => {
			await using agent = await Wirescribe.start(["run", "--port", "1"], {
				ready: "watching ",
				through: without(name),
			});
			expect(await agent.stop(), agent.stderr).toBe(0);
			const lines = agent.stderr.split("\n").filter((line) => line.includes("is missing"));
			expect(lines).toEqual([expect.stringMatching(new RegExp(`^wirescribe: ${name} is missing \\(to .+\\): `))]);
		},
	);

	it("needs CAP_SYS_ADMIN only for what says so", async () => {
		await using agent = new Wirescribe(["run", "--measure-probes"], "node 26", undefined, withOnly(LISTED));
		expect(await agent.exit()).toBe(77);
		expect(agent.stderr).toBe(
			"wirescribe: cannot measure probes: CAP_SYS_ADMIN is missing; leave out --measure-probes\n",
		);
	});

	it("the plan and the doctor name what is missing, with the same exit code", async () => {
		for (const command of ["plan", "doctor"]) {
			await using agent = new Wirescribe([command], "node 26", undefined, without("CAP_PERFMON"));
			expect(await agent.exit()).toBe(77);
			expect(agent.stdout).toContain("CAP_PERFMON");
		}
	});
});

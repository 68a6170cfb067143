import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseRun } from "../../apps/agent/src/cli/config-options.ts";
import { makeConfig } from "../../apps/agent/src/config/config.ts";
import { CAPABILITIES } from "../../apps/agent/src/plan/capabilities.ts";
import { ensureDebian } from "../debian.ts";
import { root } from "../workspace.ts";

const UNIT = readFileSync(join(root, "deploy/systemd/wirescribe@.service"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "wirescribe-unit-"));
/** The same unit with a program that is there. */
const file = join(folder, "wirescribe@.service");

beforeAll(async () => {
	await ensureDebian(["systemd"]);
	writeFileSync(file, UNIT.replaceAll(/^ExecStart=\S+/gm, "ExecStart=/bin/true"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function setting(name: string): string {
	return new RegExp(`^${name}=(.*)$`, "m").exec(UNIT)?.[1] ?? "";
}

describe("the systemd unit", () => {
	it("is sound", () => {
		const { stderr, status } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
		expect(stderr).toBe("");
		expect(status).toBe(0);
	});

	it("is hardened: an exposure below 3 of 10, with all that the agent needs", () => {
		const args = ["security", "--offline=true", "--threshold=30", "--no-pager", file];
		const { stdout, status } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
		expect(status, stdout.slice(-200)).toBe(0);
	});

	it("gives arguments and a configuration that the agent takes", () => {
		const [, command, ...args] = setting("ExecStart").split(" ");
		expect(command).toBe("run");
		const parsed = parseRun(
			"run",
			args.map((arg) => arg.replace("/run/wirescribe", folder)),
		);
		const text = readFileSync(join(root, "deploy/systemd/wirescribe.yaml"), "utf8");
		const withSpool = text.replace('addr: ""', "addr: oap:11800").replaceAll(/^( +)# (spool:| {2}folder:)/gm, "$1$2");
		for (const [config, spool] of [
			[text, undefined],
			[withSpool, "/var/lib/wirescribe"],
		] as const) {
			const { options, warnings } = makeConfig("wirescribe.yaml", config, parsed, {});
			expect(warnings).toEqual([]);
			expect(options.delivery.spool?.folder).toBe(spool);
			expect(options.control.takeover).toBe(true);
			expect(options.observability.metricsListen).toEqual({ host: "127.0.0.1", port: 9465 });
		}
	});

	it("gives the capabilities of the agent's list, and no more", () => {
		const listed = CAPABILITIES.filter(({ need }) => need !== "special").map(({ name }) => name);
		expect(setting("AmbientCapabilities").split(" ")).toEqual(listed);
		expect(setting("CapabilityBoundingSet").split(" ")).toEqual(listed);
	});

	it("runs as a user that its sysusers file makes", () => {
		const input = readFileSync(join(root, "deploy/systemd/wirescribe.sysusers.conf"), "utf8");
		execFileSync("systemd-sysusers", ["--dry-run", "-"], { input, stdio: "pipe" });
		expect(input).toMatch(new RegExp(`^u ${setting("User")} `, "m"));
	});
});

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
}, 240_000);
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

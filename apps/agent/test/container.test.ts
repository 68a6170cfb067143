import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildTree, ENTRYPOINT, USER } from "../../../tools/container/tree.ts";
import { ensureDebian } from "../../../tools/debian.ts";
import { bin, root } from "../../../tools/workspace.ts";
import { CAPABILITIES } from "../src/plan/capabilities.ts";
import { Wirescribe } from "./wirescribe.ts";

const DOCKERFILE = readFileSync(join(root, "deploy/container/Dockerfile"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "wirescribe-container-"));
const tree = join(folder, "tree");

beforeAll(async () => {
	await ensureDebian(["libcap2-bin"]);
	// As the Dockerfile's first stage does.
	execFileSync(bin("turbo"), ["run", "build"], { cwd: root, stdio: "pipe", env: { ...process.env, NODE_OPTIONS: "" } });
	buildTree(tree);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * As a container runtime would: the tree, read-only, is the root; /proc, /sys and a /tmp are mounted; the user is an ordinary one, who may
 * get the capabilities that a container is given and no others.
 */
function inContainer(): string[] {
	const mounts = [
		`mount --bind ${tree} ${tree}`,
		`mount -o remount,bind,ro ${tree}`,
		`mount -t proc proc ${tree}/proc`,
		`mount --rbind /sys ${tree}/sys`,
		`mount --bind /dev ${tree}/dev`,
		`mount -t tmpfs tmpfs ${tree}/tmp`,
		`mount -t tmpfs -o uid=${USER} tmpfs ${tree}/run/wirescribe`,
	];
	// chroot itself needs three more; they are not among those of the program's file, and so are gone with it.
	const kept = [
		...CAPABILITIES.filter(({ need }) => need !== "special").map(({ name }) => name.slice(4).toLowerCase()),
	];
	const bounding = ["-all", ...[...kept, "sys_chroot", "setuid", "setgid"].map((name) => `+${name}`)].join(",");
	const enter = `exec setpriv --bounding-set=${bounding} --inh-caps=-all chroot --userspec=${USER}:${USER} ${tree} "$@"`;
	return ["unshare", "--mount", "sh", "-c", `${mounts.join(" && ")} && ${enter}`, "sh"];
}

/** The agent of the container, with the arguments of `run`. */
class Contained extends Wirescribe {
	constructor(args: readonly string[]) {
		super(args, "node 26", undefined, inContainer(), ENTRYPOINT);
	}
}

describe("the container's tree", () => {
	it("starts as the Dockerfile says, as an ordinary user with the five capabilities, and logs", async () => {
		const server = createServer((_request, response) => response.end("ok")).listen(0, "127.0.0.1");
		await new Promise((resolve) => server.once("listening", resolve));
		const { port } = server.address() as AddressInfo;
		try {
			const control = ["--control", "/run/wirescribe/control.sock", "--takeover"];
			await using agent = new Contained(["run", "--output", "json", "--port", String(port), ...control]);
			await agent.until(() => agent.stderr.includes("watching "), "its start line");
			const status = readFileSync(`/proc/${agent.child.pid}/status`, "utf8");
			const mask = CAPABILITIES.filter(({ need }) => need !== "special").reduce(
				(sum, { bit }) => sum + 2n ** BigInt(bit),
				0n,
			);
			expect(BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)?.[1]}`)).toBe(mask);
			expect(status).toMatch(new RegExp(`^Uid:\\s+${USER}\\s`, "m"));
			await new Promise<void>((resolve) => {
				get({ port, host: "127.0.0.1", path: "/contained", agent: false }, (response) =>
					response.resume().on("end", resolve),
				);
			});
			await agent.until(() => agent.lineCount >= 2, "both ends");
			expect(agent.lines.map(({ path }) => path)).toEqual(["/contained", "/contained"]);
			agent.child.kill("SIGTERM");
			expect(await agent.exit(), agent.stderr).toBe(0);
			expect(agent.stderr).not.toContain("is missing");
		} finally {
			server.closeAllConnections();
			server.close();
		}
	});

	it("finds nothing wrong in there", async () => {
		await using doctor = new Contained(["doctor"]);
		expect(await doctor.exit(), doctor.stdout).toBe(0);
	});

	it("is made and started by the Dockerfile in the same way", () => {
		expect(DOCKERFILE).toContain("npm run container -- /tree");
		expect(DOCKERFILE).toContain("COPY --from=build /tree /\n");
		expect(DOCKERFILE).toContain(`USER ${USER}:${USER}\n`);
		expect(DOCKERFILE).toContain(`ENTRYPOINT ${JSON.stringify(ENTRYPOINT).replaceAll(",", ", ")}\n`);
	});

	it("has no shell, no sources, no tests, and no second runtime", () => {
		for (const path of ["bin", "usr/bin", "bin/sh"]) expect(existsSync(join(tree, path))).toBe(false);
		const files = readdirSync(join(tree, "opt"), { recursive: true, encoding: "utf8" });
		expect(
			files.filter((file) =>
				/@wirescribe\/[\w-]+\/src|\.test\.|vitest\/|typescript\/|node_modules\/(deno|bun|koffi)\//.test(file),
			),
		).toEqual([]);
	});
});

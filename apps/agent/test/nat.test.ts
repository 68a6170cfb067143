import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { Cluster } from "./cluster.ts";
import { type Line, Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-nat-"));
let cluster: Cluster | undefined;
beforeAll(async () => {
	await ensureDebian(["curl", "iproute2", "nftables"]);
	cluster = await Cluster.create();
});
afterAll(async () => {
	rmSync(folder, { recursive: true, force: true });
	await cluster?.[Symbol.asyncDispose]();
});

const ends = ({ path, role, remote, peer }: Line): object => ({ path, role, remote, peer });
const service = (path: string): object => ({ path, role: "client", remote: "10.97.0.1:80", peer: "10.78.2.2:8080" });

/** Requests from the pod and from the node to the service, and one that nothing translates. */
function traffic({ pod, node }: Cluster): void {
	cluster?.curl(pod, "http://10.97.0.1/pod");
	cluster?.curl(node, "http://10.97.0.1/node");
	cluster?.curl(node, "http://10.78.2.2:8080/direct");
}

it("a client's line names the real peer behind a service, the server's own line needs none", async () => {
	const { node } = cluster!;
	const args = ["run", "--output", "json", "--port", "80", "--port", "8080"];
	await using wirescribe = await Wirescribe.start(args, { through: Cluster.into(node) });
	traffic(cluster!);
	await wirescribe.until(() => wirescribe.lineCount >= 6, "six lines");
	expect(await wirescribe.stop()).toBe(0);
	const clients = wirescribe.lines.filter(({ role }) => role === "client");
	const direct = { path: "/direct", role: "client", remote: "10.78.2.2:8080", peer: undefined };
	expect(clients.map(ends)).toEqual([service("/pod"), service("/node"), direct]);
	const servers = wirescribe.lines.filter(({ role }) => role === "server");
	expect(servers.map(({ peer }) => peer)).toEqual([undefined, undefined, undefined]);
});

it("a redirect to a mesh's proxy on this node is not the peer", async () => {
	const { node } = cluster!;
	const args = ["run", "--output", "json", "--port", "80", "--port", "15001"];
	await using wirescribe = await Wirescribe.start(args, { through: Cluster.into(node) });
	cluster?.curl(node, "http://10.97.0.2/meshed");
	await wirescribe.until(() => wirescribe.lineCount >= 2, "both ends");
	expect(await wirescribe.stop()).toBe(0);
	const line = (role: string): Line | undefined => wirescribe.lines.find((one) => one.role === role);
	expect(line("client")).toMatchObject({ path: "/meshed", remote: "10.97.0.2:80" });
	expect(line("client")).not.toHaveProperty("peer");
	expect(line("server")?.local).toMatch(/:15001$/);
});

it("a recording has the peers, so that a replay anywhere names them without a lookup", async () => {
	const { node } = cluster!;
	const file = join(folder, "nat.wsrec");
	await using recorder = await Wirescribe.start(["record", file, "--port", "80"], { through: Cluster.into(node) });
	traffic(cluster!);
	expect(await recorder.stop()).toBe(0);
	for (const partitions of ["1", "3"]) {
		const args = ["replay", file, "--output", "json", "--partitions", partitions];
		await using replay = new Wirescribe(args);
		expect(await replay.exit(), replay.stderr).toBe(0);
		expect(replay.lines.map(ends)).toEqual([service("/pod"), service("/node")]);
	}
});

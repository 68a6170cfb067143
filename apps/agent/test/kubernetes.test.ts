/** Pods, containers and services in the records: a real agent, real processes in cgroups, and an API server that plays what was recorded. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CollectorEntry, startCollector } from "@wirescribe/collector";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { ApiServer, GONE, until } from "../../../tools/kubernetes/api-server.ts";
import { podEvents, podList, serviceList } from "../../../tools/kubernetes/recorded.ts";
import { NODE_SERVER, Program } from "./servers.ts";
import { TestCgroup } from "./test-cgroup.ts";
import { Wirescribe } from "./wirescribe.ts";

const PODS = "/api/v1/pods";
const SERVICES = "/api/v1/services";
const podSlice = (uid: string): string =>
	`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll("-", "_")}.slice`;
/** Of the recorded pods: web (two containers), kube-proxy of an excluded namespace, and one that comes by the watch. */
const WEB = `${podSlice("1b8f3a52-7e0c-4d7a-9c55-8f2f9e6f0a01")}/cri-containerd-${"a".repeat(64)}.scope`;
const PROXY = `${podSlice("3d0a5c74-9a2e-4f9c-9e77-0b4b1a8b2c03")}/cri-containerd-${"d".repeat(64)}.scope`;
const API = `${podSlice("6a3d8fa7-2d5b-4c2f-9baa-3e7e4d1e5f06")}/cri-containerd-${"7".repeat(64)}.scope`;
const web = { namespace: "shop", pod: "web-7d4b9c6f5-x2x7q", container: "nginx", owner: "Deployment/web" };

const folder = mkdtempSync(join(tmpdir(), "wirescribe-kubernetes-"));
const kubeconfig = join(folder, "config");
let api: ApiServer;
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
beforeEach(async () => {
	api = await ApiServer.start();
	api.list(PODS, { body: podList() });
	api.list(SERVICES, { body: serviceList() });
	const cluster = { name: "c", cluster: api.config };
	const context = { name: "x", context: { cluster: "c", user: "u" } };
	const users = [{ name: "u", user: { token: "secret" } }];
	// JSON is YAML.
	writeFileSync(
		kubeconfig,
		JSON.stringify({ clusters: [cluster], contexts: [context], users, "current-context": "x" }),
	);
});
afterEach(() => api[Symbol.asyncDispose]());

const url = (path: string): string => `http://127.0.0.1:${port}/${path}`;
const request = (path: string): string[] => ["-sS", "-m", "10", "-o", "/dev/null", url(path)];
const options = (): string[] => ["--port", String(port), "--kubeconfig", kubeconfig, "--node-name", "node-1"];

it("names pod, container, owner and service on both sides; what comes by the watch, and after 410 Gone, too", async () => {
	await using webPod = new TestCgroup(WEB);
	await using apiPod = new TestCgroup(API);
	await using wirescribe = await Wirescribe.start(["run", "--output", "json", ...options(), "--cluster-name", "east"]);
	await webPod.run("curl", request("known"));
	await until(() => api.watching(PODS) === 1);
	api.send(PODS, `${podEvents().slice(0, 1).join("\n")}\n`);
	api.send(PODS, `${JSON.stringify({ type: "ERROR", object: GONE })}\n`);
	const [, running] = podEvents().map((line) => JSON.parse(line) as { object: never });
	const items = [...podList().items, running!.object];
	api.list(PODS, { body: { metadata: { resourceVersion: "2044" }, items } });
	await until(() => api.asked(PODS, true).at(-1)?.query["resourceVersion"] === "2044");
	await apiPod.run("curl", request("later"));
	execFileSync("curl", request("outside"), { stdio: "pipe" });
	await wirescribe.until(() => wirescribe.lineCount >= 6, "both ends of three");
	expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
	const line = (role: string, path: string) => wirescribe.lines.find((one) => one.role === role && one.path === path);
	expect(line("client", "/known")?.kubernetes).toEqual({ ...web, service: "east::web.shop" });
	expect(line("server", "/known")).toMatchObject({ remote_kubernetes: { ...web, service: "east::web.shop" } });
	expect(line("server", "/known")).not.toHaveProperty("kubernetes");
	expect(line("client", "/later")?.kubernetes).toEqual({
		namespace: "shop",
		pod: "api-5f6-abcde",
		container: "api",
		owner: null,
		service: "east::api-5f6-abcde.shop",
	});
	expect(line("client", "/outside")).not.toHaveProperty("kubernetes");
	expect(api.requests.every(({ authorization }) => authorization === "Bearer secret")).toBe(true);
});

it("reports nothing of excluded namespaces, and tells the collector which; pods are Kubernetes addresses on the wire", async () => {
	await using webPod = new TestCgroup(WEB);
	await using proxyPod = new TestCgroup(PROXY);
	const entries: CollectorEntry[] = [];
	await using collector = await startCollector({
		listen: "127.0.0.1:0",
		onMessage: (_stream, entry) => void entries.push(entry),
	});
	const backend = `127.0.0.1:${collector.port}`;
	await using wirescribe = await Wirescribe.start(["run", "--backend", backend, "--role", "client", ...options()]);
	await proxyPod.run("curl", request("excluded"));
	await webPod.run("curl", request("reported"));
	expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
	const logs = entries.filter(({ protocolLog }) => protocolLog);
	expect(logs.map(({ protocolLog }) => protocolLog?.request?.path)).toEqual(["/reported"]);
	expect(logs[0]?.node?.policy?.excludeNamespaces).toEqual(["istio-system", "cert-manager", "kube-system"]);
	expect(logs[0]?.connection?.local?.kubernetes).toMatchObject({
		serviceName: "web.shop",
		podName: web.pod,
		containerName: "nginx",
		processName: "curl",
	});
	expect(logs[0]?.connection?.remote?.ip).toMatchObject({ host: "127.0.0.1", port });
	// Nothing at all of the excluded pod: no connect, no close.
	expect(entries.every(({ connection }) => connection?.local?.kubernetes?.podName === web.pod)).toBe(true);
});

it("a recording has the workloads, so that a replay names and excludes them without a cluster", async () => {
	await using webPod = new TestCgroup(WEB);
	const file = join(folder, "pods.wsr");
	await using recorder = await Wirescribe.start(["record", file, ...options()], { ready: "recording to" });
	await webPod.run("curl", request("recorded"));
	expect(await recorder.stop(), recorder.stderr).toBe(0);
	await api[Symbol.asyncDispose]();
	for (const [args, namespaces] of [
		[[], ["shop", undefined]],
		[
			["--partitions", "3"],
			["shop", undefined],
		],
		[["--exclude-namespaces", "shop"], [undefined]],
	] as const) {
		await using replay = new Wirescribe(["replay", file, "--output", "json", ...args]);
		expect(await replay.exit(), replay.stderr).toBe(0);
		expect(replay.lines.map(({ kubernetes }) => kubernetes?.namespace).sort()).toEqual(namespaces);
	}
});

it("a cluster that cannot be reached is told, and costs no record; a wrong configuration is an error", async () => {
	await api[Symbol.asyncDispose]();
	await using wirescribe = await Wirescribe.start(["run", "--output", "json", ...options()], { ready: "watching" });
	execFileSync("curl", request("alone"), { stdio: "pipe" });
	await wirescribe.until(() => wirescribe.lineCount >= 2, "both ends");
	expect(await wirescribe.stop(), wirescribe.stderr).toBe(0);
	expect(wirescribe.stderr).toMatch(/^wirescribe: kubernetes: Cannot read \/api\/v1\/(pods|services) from http:/m);
	await using wrong = new Wirescribe(["run", "--kubeconfig", join(folder, "none")]);
	expect(await wrong.exit()).toBe(78);
	expect(wrong.stderr).toMatch(/^wirescribe: Cannot read the kubeconfig from .*none/);
});

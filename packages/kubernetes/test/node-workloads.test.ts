import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiServer, GONE, type Reply, until } from "../../../tools/kubernetes/api-server.ts";
import { podEvents, podList, serviceList } from "../../../tools/kubernetes/recorded.ts";
import { isExcluded, type KubernetesError, NodeWorkloads, type WorkloadChange, WorkloadTable } from "../src/index.ts";

const PODS = "/api/v1/pods";
const SERVICES = "/api/v1/services";
const id = (digit: string): string => digit.repeat(64);
const process = (containerId: string, cgroup = "") => ({ containerId, cgroup });
const web = {
	namespace: "shop",
	pod: "web-7d4b9c6f5-x2x7q",
	container: "nginx",
	owner: "Deployment/web",
	service: "web.shop",
};

let server: ApiServer;
let failures: KubernetesError[];
let changes: WorkloadChange[];
let table: WorkloadTable;
let workloads: NodeWorkloads | undefined;

beforeEach(async () => {
	server = await ApiServer.start();
	server.list(PODS, { body: podList() });
	server.list(SERVICES, { body: serviceList() });
	failures = [];
	changes = [];
	table = new WorkloadTable();
});
afterEach(async () => {
	workloads?.close();
	await server[Symbol.asyncDispose]();
});

async function watch(clusterName = ""): Promise<NodeWorkloads> {
	workloads = new NodeWorkloads({
		config: server.config,
		nodeName: "node-1",
		clusterName,
		changed: (some) => {
			changes.push(...some);
			table.apply(some);
		},
		failed: (error) => failures.push(error),
		backoffMs: { min: 2, max: 10 },
	});
	await workloads.synced;
	await until(() => server.watching(PODS) === 1 && server.watching(SERVICES) === 1);
	return workloads;
}

test("a process is known by its container, or by its pod's uid in the cgroup", async () => {
	await watch();
	expect(table.ofProcess(process(id("a")))).toEqual(web);
	expect(table.ofProcess(process(id("b")))).toEqual({ ...web, container: "log-shipper" });
	expect(table.ofProcess(process(id("1")))).toEqual({ ...web, container: "init" });
	expect(table.ofProcess(process(id("a")))).toBe(table.ofProcess(process(id("a"))));
	const uid = "1b8f3a52-7e0c-4d7a-9c55-8f2f9e6f0a01";
	const systemd = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll("-", "_")}.slice/cri-containerd-${id("8")}.scope`;
	// Two containers, and the kubelet has not said which is which.
	expect(table.ofProcess(process(id("8"), systemd))).toEqual({ ...web, container: "" });
	expect(table.ofProcess(process(id("8"), `/kubepods/burstable/pod${uid}/${id("8")}`))).toEqual({
		...web,
		container: "",
	});
	const etcd = "/kubepods/burstable/pod0f2a9e3b5d7c4e1fa8b6c4d2e0f1a3b5/x";
	expect(table.ofProcess(process("", etcd))).toMatchObject({ pod: "etcd-node-1", container: "etcd", owner: "" });
	expect(table.ofProcess(process("", "/user.slice/user-0.slice"))).toBeUndefined();
	expect(table.ofProcess(process(id("5")))).toBeUndefined();
});

test("owner and service: the shortest name of several, of the same namespace, else the owner's, else the pod's own", async () => {
	await watch("east");
	const named = (digit: string): unknown => {
		const workload = table.ofProcess(process(id(digit)));
		return [workload?.owner, workload?.service];
	};
	expect(["a", "c", "d", "9", "f"].map(named)).toEqual([
		["Deployment/web", "east::web.shop"],
		["StatefulSet/db", "east::db-headless.shop"],
		["DaemonSet/kube-proxy", "east::kube-proxy.kube-system"],
		["Job/cleanup-28839120", "east::cleanup-28839120.shop"],
		["", "east::etcd-node-1.kube-system"],
	]);
	const excluded = { namespaces: ["kube-system"], clusters: [] };
	expect(["a", "d"].map((digit) => isExcluded(table.ofProcess(process(id(digit))), excluded))).toEqual([false, true]);
	const clusters = { namespaces: [], clusters: ["west", "east"] };
	expect(isExcluded(table.ofProcess(process(id("a"))), clusters)).toBe(true);
	expect(isExcluded(undefined, clusters)).toBe(false);
});

test("addresses are those of pods and services; the node's own, and those of pods that have ended, are nobody's", async () => {
	await watch();
	expect(table.ofIp("10.244.1.8")).toMatchObject({ pod: "db-0", container: "postgres" });
	expect(table.ofIp("10.96.11.1")).toEqual({
		namespace: "shop",
		pod: "",
		container: "",
		owner: "",
		service: "web.shop",
	});
	expect(table.ofIp("fd00:96::4")).toMatchObject({ service: "web.other" });
	for (const ip of ["10.0.0.5", "10.244.1.9", "None", ""]) expect(table.ofIp(ip)).toBeUndefined();
});

test("what the watch says is taken over, wherever its pieces end", async () => {
	await watch();
	const text = `${podEvents().join("\n")}\n`;
	for (let at = 0; at < text.length; at += 700) server.send(PODS, text.slice(at, at + 700));
	await until(() => table.ofIp("10.244.1.8") === undefined);
	expect(table.ofProcess(process(id("7")))).toMatchObject({ pod: "api-5f6-abcde", service: "api-5f6-abcde.shop" });
	expect(table.ofIp("10.244.1.20")).toMatchObject({ pod: "api-5f6-abcde" });
	expect(table.size).toEqual({ pods: 5, services: 5 });
	server.list(SERVICES, { body: { metadata: {} } });
	const service = serviceList().items[0]!;
	server.send(SERVICES, `${JSON.stringify({ type: "DELETED", object: service })}\n`);
	await until(() => table.ofProcess(process(id("a")))?.service === "web-canary.shop");
	expect(failures).toEqual([]);
});

test("a watch that ends goes on from the last version seen: an object's or a bookmark's", async () => {
	await watch();
	expect(server.asked(PODS, true)[0]?.query).toMatchObject({
		resourceVersion: "1010",
		allowWatchBookmarks: "true",
		fieldSelector: "spec.nodeName=node-1",
		timeoutSeconds: expect.stringMatching(/^[3-6]\d\d$/),
	});
	const [added, modified, bookmark, deleted] = podEvents();
	server.send(PODS, `${added}\n${modified}\n`);
	await until(() => table.ofIp("10.244.1.20") !== undefined);
	server.breakOff(PODS);
	await until(() => server.asked(PODS, true).length === 2 && server.watching(PODS) === 1);
	expect(server.asked(PODS, true)[1]?.query["resourceVersion"]).toBe("1012");
	expect(failures.map(({ code }) => code)).toEqual(["ERR_KUBERNETES_CONNECTION"]);
	// Half of a line is no event.
	server.send(PODS, `${bookmark}\n${deleted?.slice(0, 50)}`);
	server.end(PODS);
	await until(() => server.asked(PODS, true).length === 3 && server.watching(PODS) === 1);
	expect(server.asked(PODS, true)[2]?.query["resourceVersion"]).toBe("1013");
	server.send(PODS, `${deleted}\n`);
	await until(() => table.ofIp("10.244.1.8") === undefined);
	expect(server.asked(PODS, false)).toHaveLength(1);
	expect(failures).toHaveLength(1);
});

test.each([
	["as an event", (): void => server.send(PODS, `${JSON.stringify({ type: "ERROR", object: GONE })}\n`)],
	[
		"as a status",
		(): void => {
			server.refuseWatch(PODS, { status: 410, body: GONE });
			server.end(PODS);
		},
	],
] as const)("410 Gone, %s: everything is listed again, and what is not in it any more is gone", async (_, expire) => {
	const sure = await watch();
	const before = changes.length;
	const later = podList();
	later.items.splice(1, 1);
	server.list(PODS, { body: { ...later, metadata: { resourceVersion: "2044" } } });
	expire();
	await until(() => server.asked(PODS, true).at(-1)?.query["resourceVersion"] === "2044");
	// Not from a cache that may be as old as the version was.
	expect(server.asked(PODS, false).map(({ query }) => query["resourceVersion"])).toEqual(["0", undefined]);
	expect(changes.slice(before)).toEqual([{ kind: "pod", uid: "2c9f4b63-8f1d-4e8b-8d66-9a3a0f7a1b02", entry: null }]);
	expect(sure.stats().pods).toMatchObject({ lists: 2, expired: 1, failures: 0 });
	expect(failures).toEqual([]);
});

test("a long list comes in pages; one that expires in the middle begins anew", async () => {
	const { items } = podList();
	const page = (from: number, to: number, next?: string): Reply => ({
		body: { metadata: { resourceVersion: "1010", ...(next ? { continue: next } : {}) }, items: items.slice(from, to) },
	});
	server.list(PODS, page(0, 2, "p2"), { status: 410, body: GONE }, page(0, 3, "p3"), page(3, 5));
	await watch();
	const asked = server
		.asked(PODS, false)
		.map(({ query }) => [query["continue"], query["resourceVersion"], query["limit"]]);
	expect(asked).toEqual([
		[undefined, "0", "500"],
		["p2", undefined, "500"],
		[undefined, undefined, "500"],
		["p3", undefined, "500"],
	]);
	expect(table.size.pods).toBe(5);
});

test("a server that refuses or talks nonsense is asked again; each time it says why, and what is known stays", async () => {
	server.list(PODS, { status: 503, body: "upstream is down" }, { body: "<html>" }, { body: podList() });
	await watch();
	expect(failures.map(({ code, status, message }) => [code, status, message])).toEqual([
		["ERR_KUBERNETES_STATUS", 503, expect.stringContaining("503 upstream is down")],
		["ERR_KUBERNETES_PROTOCOL", undefined, expect.stringContaining("<html>")],
	]);
	server.refuseWatch(PODS, { status: 403, body: { kind: "Status", code: 403, message: "pods is forbidden" } });
	server.send(PODS, "{not json}\n");
	await until(() => failures.length === 4 && server.watching(PODS) === 1);
	expect(failures[3]?.message).toContain("pods is forbidden: grant the agent list and watch of pods and services");
	expect(server.asked(PODS, false)).toHaveLength(3);
	expect(table.ofProcess(process(id("a")))).toEqual(web);
	// Its own words come one after another: none of the server's is taken for an event.
	server.send(PODS, '{"type":"SOMETHING","object":{"metadata":{"uid":"x","resourceVersion":"7"}}}\n');
	expect(table.size.pods).toBe(5);
});

test("a change that says nothing new is told to nobody", async () => {
	await watch();
	const before = changes.length;
	const pod = podList().items[0]!;
	const again = { ...pod, metadata: { ...pod.metadata, resourceVersion: "1500" } };
	server.send(PODS, `${JSON.stringify({ type: "MODIFIED", object: again })}\n`);
	server.send(PODS, `${podEvents()[0]}\n`);
	await until(() => changes.length > before);
	expect(changes.slice(before).map((change) => change.uid)).toEqual(["6a3d8fa7-2d5b-4c2f-9baa-3e7e4d1e5f06"]);
});

test("closing ends both watches at once, also while the server is away", async () => {
	const sure = await watch();
	sure.close();
	await until(() => server.watching(PODS) === 0 && server.watching(SERVICES) === 0);
	const asked = server.requests.length;
	await new Promise((resolve) => setTimeout(resolve, 50));
	expect(server.requests).toHaveLength(asked);
	expect(failures).toEqual([]);
});

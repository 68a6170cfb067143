import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionState } from "../src/live/session-state.ts";
import { METRIC_GROUPS } from "../src/metrics/metric-table.ts";
import { Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-status-"));
const server = createServer(({ url }, response) => {
	response.statusCode = url === "/broken" ? 500 : 200;
	response.end("ok");
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

interface Answer {
	readonly status: number | undefined;
	readonly body: string;
}

function ask(url: string, agent: Agent | false = false): Promise<Answer> {
	return new Promise((resolve, reject) => {
		get(url, { agent }, (response) => {
			let body = "";
			response.on("data", (data) => {
				body += data;
			});
			response.on("end", () => resolve({ status: response.statusCode, body }));
		}).on("error", reject);
	});
}

/** An agent on the test's server, and where its status is. */
async function start(args: readonly string[]): Promise<{ agent: Wirescribe; status: string }> {
	const options = ["--port", String(port), "--metrics-listen", "127.0.0.1:0", ...args];
	const agent = await Wirescribe.start(["run", ...options], { ready: "watching " });
	return { agent, status: /on (http:\/\/127\.0\.0\.1:\d+)/.exec(agent.stderr)?.[1] as string };
}

describe("the agent's own state", () => {
	it("is on /metrics, each metric as its table says, and scraping is not logged", async () => {
		const { agent, status } = await start(["--output", "json"]);
		await using _ = agent;
		await ask(`http://127.0.0.1:${port}/orders/1?token=secret`);
		await ask(`http://127.0.0.1:${port}/orders/2`);
		await ask(`http://127.0.0.1:${port}/broken`);
		await agent.until(() => agent.lineCount >= 6, "both ends");
		await ask(`${status}/metrics`);
		const { body, status: code } = await ask(`${status}/metrics`);
		expect(code).toBe(200);

		const shown = [...body.matchAll(/^# HELP (\S+) (.*)\n# TYPE (\S+) (\S+)$/gm)].map(([, name, help, , type]) => {
			return { name, help, type };
		});
		const rows = METRIC_GROUPS.flatMap((group) => group.rows);
		expect(shown).toEqual(rows.map(({ name, help, type }) => ({ name, help, type })));
		const labels = new Map(rows.map((row) => [row.name, [...row.labels, ...(row.type === "histogram" ? ["le"] : [])]]));
		for (const [, name = "", list = ""] of body.matchAll(/^([a-z_]+)\{(.*)\} \S+$/gm)) {
			const known = labels.get(name) ?? labels.get(name.replace(/_(bucket|sum|count)$/, "")) ?? [];
			for (const [, label] of list.matchAll(/(\w+)="/g)) expect(known, name).toContain(label);
		}

		const lines = body.split("\n");
		for (const line of [
			'wirescribe_http_requests_total{endpoint="GET /orders/{id}",role="server",status="2xx"} 2',
			'wirescribe_http_requests_total{endpoint="GET /broken",role="client",status="5xx"} 1',
			'wirescribe_http_request_duration_seconds_count{endpoint="GET /orders/{id}",role="client"} 2',
			'wirescribe_messages_total{outcome="logged"} 6',
			'wirescribe_lost_total{stage="kernel",reason="ring_full"} 0',
			'wirescribe_ledger_imbalance{identity="requests"} 0',
			"wirescribe_records_acked_total 6",
			"wirescribe_ready 1",
		]) {
			expect(lines).toContain(line);
		}
		expect(body).not.toContain("secret");
		expect(body).not.toContain('/metrics"');
		expect(await agent.stop(), agent.stderr).toBe(0);
		expect(agent.lines.map(({ path }) => path)).not.toContain("/metrics");
		expect(agent.lineCount).toBe(6);
	});

	it("is ready when the backend is there, and says so without traffic", async () => {
		// A port that nobody has, until the collector does.
		const probe = createServer().listen(0, "127.0.0.1");
		await new Promise((resolve) => probe.once("listening", resolve));
		const backend = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
		await new Promise((resolve) => probe.close(resolve));
		const { agent, status } = await start(["--backend", backend]);
		await using _ = agent;
		const before = await ask(`${status}/readyz`);
		expect(before).toMatchObject({ status: 503 });
		expect(before.body).toContain(`missing  backend: ${backend} cannot be reached: ECONNREFUSED`);
		expect(before.body).toMatch(/^ok {7}kernel: attached to \d+ places/m);
		expect(await ask(`${status}/healthz`)).toEqual({ status: 200, body: "ok\n" });
		expect((await ask(`${status}/nothing`)).status).toBe(404);

		await using collector = await Wirescribe.start(["collect", "--listen", backend]);
		await expect.poll(async () => (await ask(`${status}/readyz`)).status).toBe(200);
		expect((await ask(`${status}/readyz`)).body).toContain("accepts connections; nothing to deliver yet");
		await ask(`http://127.0.0.1:${port}/`);
		const metrics = async (): Promise<string> => (await ask(`${status}/metrics`)).body;
		await expect.poll(metrics).toMatch(/^wirescribe_records_acked_total [1-9]/m);
		expect(await metrics()).toContain('wirescribe_lane_connected{lane="0"} 1');
		expect(await agent.stop(), agent.stderr).toBe(0);
		await collector.stop();
	});

	it("is not ready without the cluster that it was to ask, and works all the same", async () => {
		const kubeconfig = join(folder, "kubeconfig.yaml");
		writeFileSync(
			kubeconfig,
			`current-context: c
contexts: [{ name: c, context: { cluster: k, user: u } }]
clusters: [{ name: k, cluster: { server: "http://127.0.0.1:1" } }]
users: [{ name: u, user: {} }]
`,
		);
		const { agent, status } = await start(["--kubeconfig", kubeconfig, "--node-name", "node-1", "--output", "json"]);
		await using _ = agent;
		await ask(`http://127.0.0.1:${port}/`);
		await agent.until(() => agent.lineCount >= 2, "both ends");
		const { body, status: code } = await ask(`${status}/readyz`);
		expect(code).toBe(503);
		expect(body).toContain("missing  kubernetes: no complete lists from http://127.0.0.1:1 yet");
		expect(await agent.stop(), agent.stderr).toBe(0);
	});

	it("is written whole on SIGUSR2", async () => {
		const file = join(folder, "state.json");
		const { agent } = await start(["--output", "json", "--state-file", file]);
		await using _ = agent;
		const keepAlive = new Agent({ keepAlive: true });
		await ask(`http://127.0.0.1:${port}/kept`, keepAlive);
		await agent.until(() => agent.lineCount >= 2, "both ends");
		agent.child.kill("SIGUSR2");
		await agent.until(() => existsSync(file) && agent.stderr.includes("state written"), "that the state was written");
		keepAlive.destroy();
		const state = JSON.parse(readFileSync(file, "utf8")) as SessionState;
		expect(state.ledger.messages).toMatchObject({ logged: 2, balanced: true });
		expect(state.attached).toContain("syscalls:sys_exit_read");
		expect(state.partitions[0]?.connections).toEqual(
			expect.arrayContaining([
				expect.objectContaining({ role: "server", pid: process.pid, protocol: "http/1", requestStartsRead: 1 }),
			]),
		);
		expect(state.partitions[0]).toMatchObject({ queuedBytes: 0 });
		expect(agent.stderr).toMatch(/^requests {4}2 read/m);
	});

	it("is told in JSON lines where that was asked for, the ledger too", async () => {
		const { agent } = await start(["--log-format", "json", "--output", "json"]);
		await using _ = agent;
		agent.child.kill("SIGUSR2");
		await agent.until(() => agent.stderr.includes('"partitions"'), "its state");
		expect(await agent.stop(), agent.stderr).toBe(0);
		const lines = agent.stderr.trimEnd().split("\n");
		const parsed = lines.map((line) => JSON.parse(line) as { level?: string; message?: string });
		expect(parsed.at(-1)).toMatchObject({ level: "info", message: "ledger", balanced: true });
	});

	it("cannot be served where somebody else is, and says so in one line", async () => {
		await using agent = new Wirescribe(["run", "--metrics-listen", `127.0.0.1:${port}`]);
		expect(await agent.exit()).toBe(1);
		expect(agent.stderr.trimEnd().split("\n")).toHaveLength(1);
		expect(agent.stderr).toMatch(/^wirescribe: cannot serve metrics on .*EADDRINUSE.*choose another port$/m);
	});
});

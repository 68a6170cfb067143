import { Program } from "../test/servers.ts";
import { CLIENTS, type MatrixClient } from "./clients.ts";
import { CLIENT_SCENARIOS, EXACT_SCENARIOS, PLAIN_ONLY, planOf } from "./scenarios.ts";
import type { MatrixServer, PlannedServer } from "./servers.ts";
import type { Stage } from "./stage.ts";
import type { Account, Cell, Exchange } from "./truth.ts";

/** A cell that is still to be run, with its server. */
export interface PlannedCell {
	readonly client: string;
	readonly server: PlannedServer;
	readonly scenario: string;
	readonly run: (stage: Stage, server: MatrixServer) => Promise<Cell>;
}

/** Every server with the exact client, every client with the exact server, and the pairs of real programs that count sizes. */
export function plannedCells(servers: readonly PlannedServer[]): PlannedCell[] {
	return servers.flatMap((server) => {
		const exact = server.name.startsWith("exact");
		const scenarios = EXACT_SCENARIOS.filter((name) => !exact && !(server.tls && PLAIN_ONLY.includes(name)));
		const cells: PlannedCell[] = scenarios.map((scenario) => {
			return {
				client: "exact",
				server,
				scenario,
				run: (stage, started) => toldByExactClient(stage, started, scenario),
			};
		});
		for (const client of CLIENTS) {
			const tell = exact ? toldByServer : toldByPair;
			for (const scenario of client.scenarios.filter((name) => exact || pairs(server, client, name))) {
				const run: PlannedCell["run"] = (stage, started) => tell(stage, started, client, scenario);
				cells.push({ client: client.name, server, scenario, run });
			}
		}
		return cells;
	});
}

const CURL_COUNTS = ["http/1.0", "keep-alive", "head", "patch", "1mb-up", "1mb-down"];
const NGINX_COUNTS = ["pipelining", "patch", "1mb-up", "1mb-down"];
/** Those that can do nothing but repeat. */
const LOADS = ["wrk", "h2load"];

/** curl counts the bytes of every server, and nginx those of every client. */
function pairs(server: PlannedServer, client: MatrixClient, scenario: string): boolean {
	if (client.name === "curl") return CURL_COUNTS.includes(scenario);
	const counted = NGINX_COUNTS.includes(scenario) || LOADS.includes(client.name);
	return ["nginx", "nginx TLS"].includes(server.name) && counted;
}

function slug(...names: readonly string[]): string {
	return names
		.join("-")
		.toLowerCase()
		.replaceAll(/[^a-z0-9]+/g, "-");
}

/** What the server says of this cell's paths. */
async function logged<T extends { readonly path: string }>(server: MatrixServer, mark: string): Promise<T[]> {
	const entries = (await server.log()) as unknown as readonly T[];
	return entries.filter(({ path }) => path.includes(mark));
}

async function toldByExactClient(stage: Stage, server: MatrixServer, scenario: string): Promise<Cell> {
	const prefix = slug("exact", server.name);
	const args = [stage.file("exact_client.py"), String(server.port), scenario, prefix, server.download];
	await using client = new Program("/usr/bin/python3", [...args, ...(server.tls ? ["tls"] : [])]);
	const code = await client.exit();
	const line = client.output.split("\n").find((text) => text.startsWith("["));
	const truth = code === 0 && line !== undefined ? (JSON.parse(line) as Exchange[]) : [];
	return {
		...base(server, "exact", scenario),
		truth,
		teller: "client",
		accounts: await logged<Account>(server, `${prefix}/${scenario}/`),
		pids: { client: [client.pid], server: server.pids() },
		openEnds: 0,
		...(code === 0 ? {} : { complaint: client.output.slice(-800) }),
	};
}

function base(
	server: MatrixServer,
	client: string,
	scenario: string,
): Pick<Cell, "client" | "server" | "scenario" | "port" | "tls" | "readsOn"> {
	const readsOn = client === "h2load -m10" || scenario === "pipelining";
	return { client, server: server.name, scenario, port: server.port, tls: server.tls, readsOn };
}

async function toldByServer(stage: Stage, server: MatrixServer, client: MatrixClient, scenario: string): Promise<Cell> {
	const prefix = slug(client.name, server.name);
	const plan = planOf(scenario, baseUrl(server), prefix);
	const { pid, accounts, openEnds = 0, complaint } = await client.run(stage, plan);
	const truth = await logged<Exchange>(server, `${prefix}/${scenario}/`);
	const missing = truth.length < (openEnds > 0 ? 1 : plan.requests.length);
	const problem =
		complaint ?? (missing ? `the server has ${truth.length} of ${plan.requests.length} requests` : undefined);
	return {
		...base(server, client.name, scenario),
		truth,
		teller: "server",
		accounts,
		pids: { client: [pid], server: server.pids() },
		openEnds,
		...(problem === undefined ? {} : { complaint: problem }),
	};
}

function baseUrl({ tls, port }: MatrixServer): string {
	return `${tls ? "https" : "http"}://127.0.0.1:${port}`;
}

/** Entry of nginx's log: bytes of both messages, and of the response's body. */
interface Counted extends Account {
	readonly bodyBytes: number;
}

async function toldByPair(stage: Stage, server: MatrixServer, client: MatrixClient, scenario: string): Promise<Cell> {
	const prefix = slug(client.name, server.name);
	const plan = planOf(scenario, baseUrl(server), prefix);
	const outcome = await client.run(stage, plan);
	const upload = plan.requests[0]?.upload ?? 0;
	const entries = await logged<Counted>(server, `${prefix}/${scenario}/`);
	const counted = entries.map(({ method = "", path, status, requestBytes = 0, responseBytes = 0, bodyBytes }) => ({
		method,
		path,
		status,
		request: [requestBytes - upload, upload] as const,
		response: [responseBytes - bodyBytes, bodyBytes] as const,
	}));
	const whole = (outcome.truth ?? counted).length >= (outcome.openEnds ? 1 : plan.requests.length);
	const problem = outcome.complaint ?? (whole ? undefined : "requests are missing in its log");
	return {
		...base(server, client.name, scenario),
		truth: outcome.truth ?? counted,
		teller: outcome.truth ? "client" : "server",
		accounts: outcome.truth ? entries : outcome.accounts,
		pids: { client: [outcome.pid], server: server.pids() },
		openEnds: outcome.openEnds ?? 0,
		...(problem === undefined ? {} : { complaint: problem }),
	};
}

/** The order in which tables show scenarios. */
export const SCENARIO_ORDER: readonly string[] = [...new Set([...EXACT_SCENARIOS, ...CLIENT_SCENARIOS])];

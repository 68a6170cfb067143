import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { EndpointTotals } from "@wirescribe/pipeline";
import { CliError, EXIT, errorCode } from "../cli/errors.ts";
import type { ReloadCounts } from "../config/reloader.ts";
import type { SessionState } from "../live/session-state.ts";
import { log } from "../logging/log.ts";
import { whyUnreachable } from "../output/backend-reach.ts";
import type { Plan } from "../plan/make-plan.ts";
import { planText } from "../plan/plan-text.ts";
import { version } from "../version.ts";
import { Exposition } from "./exposition.ts";
import type { MetricsSnapshot } from "./metric-row.ts";
import { MAX_ENDPOINTS, METRIC_GROUPS } from "./metric-table.ts";
import { ABSENCES, type Absence, type ReadinessCheck, readiness } from "./readiness.ts";

/** A partition that does not answer within this time is not healthy: it reads for at most some milliseconds at a time. */
const ANSWER_MS = 5_000;
/** A backend that no lane is connected to is looked for, but not more often than this. */
const REACH_PAUSE_MS = 5_000;

type Backend = { readonly host: string; readonly port: number };

/** What the server tells about. */
export interface StatusSources {
	/** A session, once it has begun; what is going on before and after it. */
	state: (() => Promise<SessionState>) | "starting" | "stopping";
	/** What was planned before the start; undefined: not asked for. */
	readonly plan: Plan | undefined;
	/** When records are delivered to one; a reload may name another. */
	backend: Backend | undefined;
	/** When there is a configuration file. */
	reloads?: () => ReloadCounts;
}

interface Answer {
	readonly status: number;
	readonly type: string;
	readonly body: string;
}

const TEXT = "text/plain; charset=utf-8";

/**
 * `/metrics`, `/healthz` and `/readyz`, for whoever looks after the agent. It reads and never changes anything, and says nothing of what
 * requests were about but their endpoints. Connections to it are the agent's own, which are never logged.
 */
export class StatusServer {
	readonly #server: Server;
	readonly #sources: StatusSources;
	readonly #exposition = new Exposition(METRIC_GROUPS);
	readonly #totals = new EndpointTotals(MAX_ENDPOINTS);
	/** What was found out last. */
	#reach: { readonly backend: Backend; readonly atMs: number; readonly why: Promise<string | undefined> } | undefined;

	private constructor(sources: StatusSources) {
		this.#sources = sources;
		this.#server = createServer((request, response) => void this.#serve(request, response));
	}

	/** Listens from before the programs are attached, so that a start that takes long can be watched. */
	static async listen({ host, port }: { host: string; port: number }, sources: StatusSources): Promise<StatusServer> {
		const one = new StatusServer(sources);
		one.#server.listen(port, host);
		try {
			await once(one.#server, "listening");
		} catch (error) {
			const todo = errorCode(error) === "EADDRINUSE" ? "choose another port" : "give an address of this machine";
			throw new CliError(`cannot serve metrics on ${host}:${port}: ${(error as Error).message}; ${todo}`, EXIT.runtime);
		}
		return one;
	}

	/** `http://127.0.0.1:9465`: the port is the one that was found when 0 was asked for. */
	get url(): string {
		const { address, family, port } = this.#server.address() as AddressInfo;
		return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
	}

	close(): void {
		this.#server.close();
		this.#server.closeAllConnections();
	}

	async #serve({ method, url = "/" }: IncomingMessage, response: ServerResponse): Promise<void> {
		const { status, type, body } = await this.#answer(method, url.split("?", 1)[0] as string);
		response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
		response.end(method === "HEAD" ? undefined : body);
	}

	async #answer(method: string | undefined, path: string): Promise<Answer> {
		if (method !== "GET" && method !== "HEAD") return { status: 405, type: TEXT, body: "GET only\n" };
		try {
			if (path === "/metrics") return await this.#metrics();
			if (path === "/readyz") return await this.#readyz();
			if (path === "/healthz") return await this.#healthz();
			if (path === "/plan" && this.#sources.plan) return await this.#plan(this.#sources.plan);
		} catch (error) {
			log.error(`cannot answer ${path}: ${(error as Error).message}`);
			return { status: 500, type: TEXT, body: `${(error as Error).message}\n` };
		}
		return {
			status: 404,
			type: TEXT,
			body: "there are /metrics, /healthz and /readyz, and /plan with --measure-probes\n",
		};
	}

	/** The state, or why there is none. */
	async #state(): Promise<SessionState | Absence> {
		const { state } = this.#sources;
		if (typeof state === "string") return state;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const late = new Promise<Absence>((resolve) => {
			timer = setTimeout(() => resolve("silent"), ANSWER_MS);
		});
		try {
			return await Promise.race([state(), late]);
		} finally {
			clearTimeout(timer);
		}
	}

	async #readiness(state: SessionState | Absence): Promise<ReadinessCheck[]> {
		const { backend } = this.#sources;
		if (backend === undefined) return readiness(state, undefined, undefined);
		const connected = typeof state === "object" && state.delivery.lanes.some((lane) => lane.connected);
		return readiness(
			state,
			`${backend.host}:${backend.port}`,
			connected ? undefined : await this.#unreachable(backend),
		);
	}

	#unreachable(backend: Backend): Promise<string | undefined> {
		const nowMs = performance.now();
		if (!this.#reach || this.#reach.backend !== backend || nowMs - this.#reach.atMs > REACH_PAUSE_MS) {
			this.#reach = { backend, atMs: nowMs, why: whyUnreachable(backend) };
		}
		return this.#reach.why;
	}

	/** Alive: the process answers, and so do its partitions, once it has any. */
	async #healthz(): Promise<Answer> {
		const healthy = (await this.#state()) !== "silent";
		return { status: healthy ? 200 : 503, type: TEXT, body: healthy ? "ok\n" : `${ABSENCES.silent}\n` };
	}

	/** One line for each thing that is needed. */
	async #readyz(): Promise<Answer> {
		const checks = await this.#readiness(await this.#state());
		const lines = checks.map(({ name, ready, found }) => `${ready ? "ok     " : "missing"}  ${name}: ${found}`);
		return { status: checks.every(({ ready }) => ready) ? 200 : 503, type: TEXT, body: `${lines.join("\n")}\n` };
	}

	/** The plan, with what it has cost since. */
	async #plan(plan: Plan): Promise<Answer> {
		const state = await this.#state();
		const measured = typeof state === "object" ? { measured: state.programs } : {};
		return { status: 200, type: TEXT, body: planText({ ...plan, ...measured }) };
	}

	async #metrics(): Promise<Answer> {
		const state = await this.#state();
		const session = typeof state === "object" ? state : undefined;
		const snapshot: MetricsSnapshot = {
			version: version(),
			runtime: runtimeName(),
			session,
			endpoints: this.#totals.sum(session?.partitions.map(({ endpoints }) => endpoints) ?? []),
			log: log.counts(),
			reloads: this.#sources.reloads?.(),
			ready: (await this.#readiness(state)).every(({ ready }) => ready),
		};
		return { status: 200, type: this.#exposition.contentType, body: await this.#exposition.text(snapshot) };
	}
}

function runtimeName(): string {
	const { bun, deno, node } = process.versions as Record<string, string | undefined>;
	return deno ? `deno ${deno}` : bun ? `bun ${bun}` : `node ${node}`;
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program } from "../test/servers.ts";
import { CLIENT_SCENARIOS, type Plan, type PlannedRequest } from "./scenarios.ts";
import type { Stage } from "./stage.ts";
import type { Account, Exchange } from "./truth.ts";

/** What a client did, by its own counters. */
export interface Outcome {
	readonly pid: number;
	readonly accounts: readonly Account[];
	/** Sizes on the wire, where the client counts them. */
	readonly truth?: readonly Exchange[];
	/** Requests that it may have left without an answer. */
	readonly openEnds?: number;
	readonly complaint?: string;
}

export interface MatrixClient {
	readonly name: string;
	readonly scenarios: readonly string[];
	readonly run: (stage: Stage, plan: Plan) => Promise<Outcome>;
}

/** The requests of a plan are alike but for their paths. */
function firstOf(requests: readonly PlannedRequest[]): PlannedRequest {
	const [first] = requests;
	if (first === undefined) throw new RangeError("Cannot run a plan without requests");
	return first;
}

async function finished(file: string, args: readonly string[], input: string): Promise<Program> {
	const program = new Program(file, args);
	program.child.stdin?.on("error", () => {});
	program.child.stdin?.end(input);
	// Against hanging only: it then has no answers to show.
	const guard = setTimeout(() => program.child.kill("SIGKILL"), 120_000);
	await program.exit();
	clearTimeout(guard);
	// Its pipes may have more than its exit has told.
	if (!program.child.stdout?.readableEnded) await new Promise((resolve) => program.child.once("close", resolve));
	return program;
}

/** A client of `programs/`: takes a plan, prints what it received. */
function script(command: (stage: Stage) => readonly string[]): MatrixClient["run"] {
	return async (stage, plan) => {
		const env = ["NODE_TLS_REJECT_UNAUTHORIZED=0", "NODE_NO_WARNINGS=1"];
		const program = await finished("env", [...env, ...command(stage)], JSON.stringify(plan));
		const line = program.output.split("\n").find((text) => text.startsWith("[{"));
		if (line === undefined) return { pid: program.pid, accounts: [], complaint: program.output.slice(-500) };
		return { pid: program.pid, accounts: JSON.parse(line) as Account[] };
	};
}

function uploadFile(stage: Stage, bytes: number): string {
	const file = join(stage.folder, `upload-${bytes}`);
	writeFileSync(file, Buffer.alloc(bytes, "u"));
	return file;
}

/**
 * curl counts everything on the wire but the framing of chunks. With `-0` it offers "http/1.0" as the protocol inside TLS, and no
 * other: most servers refuse that.
 */
async function curl(stage: Stage, { base, http10, requests }: Plan): Promise<Outcome> {
	const { method, upload, chunked, expect } = firstOf(requests);
	const format = "%{http_code} %{size_download} %{size_header} %{size_request} %{size_upload}\\n";
	const options = ["-s", "-k", ...(http10 ? ["-0", "--no-alpn"] : ["--http1.1"]), "-w", format, "-K", "-"];
	if (method === "HEAD") options.push("--head");
	else if (method !== "GET") options.push("-X", method);
	if (upload > 0) options.push("-H", expect ? "Expect: 100-continue" : "Expect:");
	if (chunked) options.push("-H", "Transfer-Encoding: chunked");
	const file = upload > 0 ? `upload-file = "${uploadFile(stage, upload)}"\n` : "";
	const config = requests.map(({ path }) => `url = "${base}${path}"\noutput = "/dev/null"\n${file}`).join("");
	const program = await finished("curl", options, config);
	const counts = program.output
		.split("\n")
		.filter(Boolean)
		.map((line) => line.split(" ").map(Number));
	const accounts = counts.map(([status = 0, received = 0], place) => ({
		path: (requests[place] as PlannedRequest).path,
		status,
		...(method === "HEAD" ? {} : { received }),
	}));
	const truth = counts.map(([status = 0, received = 0, head = 0, requestHead = 0, sent = 0], place) => ({
		method,
		path: (requests[place] as PlannedRequest).path,
		status,
		request: [requestHead, sent] as const,
		response: [head, method === "HEAD" ? 0 : received] as const,
	}));
	const refused = counts.length > 0 && counts.every(([status]) => status === 0);
	return { pid: program.pid, accounts, truth, ...(refused ? { complaint: "curl has sent no request" } : {}) };
}

/** wget tells the size of each body. */
async function wget(stage: Stage, { base, requests }: Plan): Promise<Outcome> {
	const { method, upload } = firstOf(requests);
	const options = ["-nv", "-t", "1", "-O", "/dev/null", "--no-check-certificate", "-i", "-"];
	if (method !== "GET") options.push(`--method=${method}`);
	if (upload > 0) options.push(`--body-file=${uploadFile(stage, upload)}`);
	const urls = requests.map(({ path }) => `${base}${path}`);
	const program = await finished("wget", options, `${urls.join("\n")}\n`);
	const accounts: Account[] = [];
	for (const [, path = "", received] of program.output.matchAll(/URL: ?https?:\/\/[^/]+(\/\S+) (?:\[(\d+)|200 OK)/g)) {
		accounts.push({ path, status: 200, ...(received === undefined ? {} : { received: Number(received) }) });
	}
	return { pid: program.pid, accounts };
}

async function h2load(stage: Stage, { base, requests }: Plan, concurrent: number): Promise<Outcome> {
	const list = join(stage.folder, "h2load-paths");
	writeFileSync(list, requests.map(({ path }) => `${base}${path}\n`).join(""));
	const args = ["--h1", "-n", String(requests.length), "-c", "1", "-m", String(concurrent), "-i", list];
	const program = await finished("h2load", args, "");
	const whole = program.output.includes(`${requests.length} succeeded, 0 failed`);
	return { pid: program.pid, accounts: [], ...(whole ? {} : { complaint: program.output.slice(-800) }) };
}

const WRK_CONNECTIONS = 4;

/** wrk asks for as long as its time lasts: for paths of its own, with the plan's prefix. */
async function wrk(stage: Stage, { base, requests: [first] }: Plan): Promise<Outcome> {
	const prefix = first?.path.replace(/[^/]*$/, "") ?? "/";
	const args = ["-t1", `-c${WRK_CONNECTIONS}`, "-d1s", "-s", stage.file("paths.lua"), base, "--", prefix];
	const program = await finished("wrk", args, "");
	const count = Number(/(\d+) requests in/.exec(program.output)?.[1] ?? 0);
	const complaint = count === 0 || /Socket errors|Non-2xx/.test(program.output) ? { complaint: program.output } : {};
	return { pid: program.pid, accounts: [], openEnds: WRK_CONNECTIONS, ...complaint };
}

function without(...missing: readonly string[]): string[] {
	return CLIENT_SCENARIOS.filter((name) => !["pipelining", ...missing].includes(name));
}

const node20 = "/usr/bin/node";
const FETCH_CANNOT = ["http/1.0", "expect"];

/** Every client, with the scenarios that it can do; the others it has no option or call for. */
export const CLIENTS: readonly MatrixClient[] = [
	{ name: "curl", scenarios: without("websocket"), run: curl },
	{ name: "wget", scenarios: without("websocket", "http/1.0", "chunked-up", "expect"), run: wget },
	{
		name: "http.client",
		scenarios: without("websocket", "http/1.0", "expect"),
		run: script(({ file }) => ["/usr/bin/python3", file("http_client.py")]),
	},
	{
		name: "pycurl GnuTLS",
		scenarios: without("websocket"),
		run: script(({ file }) => ["/usr/bin/python3", file("pycurl_client.py")]),
	},
	{
		name: "Node 20 http",
		scenarios: without("websocket", "http/1.0"),
		run: script(({ file }) => [node20, file("node_client.mjs")]),
	},
	{
		name: "Node 26 http",
		scenarios: without("websocket", "http/1.0"),
		run: script(({ file }) => [process.execPath, file("node_client.mjs")]),
	},
	{
		name: "Node 20 fetch",
		scenarios: without("websocket", ...FETCH_CANNOT),
		run: script(({ file }) => [node20, file("fetch_client.mjs")]),
	},
	{
		name: "Node 26 fetch",
		scenarios: without(...FETCH_CANNOT),
		run: script(({ file }) => [process.execPath, file("fetch_client.mjs")]),
	},
	{
		name: "Bun fetch",
		scenarios: without(...FETCH_CANNOT),
		run: script(({ bun, file }) => [bun, file("fetch_client.mjs")]),
	},
	{
		name: "Deno fetch",
		scenarios: without(...FETCH_CANNOT),
		run: script(({ deno, file }) => [...deno, "--unsafely-ignore-certificate-errors", file("fetch_client.mjs")]),
	},
	{
		name: "Go",
		scenarios: without("websocket", "http/1.0"),
		run: script(({ go }) => [go("client")]),
	},
	{ name: "h2load", scenarios: ["keep-alive"], run: (stage, plan) => h2load(stage, plan, 1) },
	{ name: "h2load -m10", scenarios: ["pipelining"], run: (stage, plan) => h2load(stage, plan, 10) },
	{ name: "wrk", scenarios: ["keep-alive"], run: wrk },
];

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "@wirescribe/pipeline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { Canaries, sendSecrets, startSecretServer } from "./canaries.ts";
import { Certificate } from "./certificate.ts";
import { Wirescribe } from "./wirescribe.ts";

const folder = mkdtempSync(join(tmpdir(), "wirescribe-canary-"));
const canaries = new Canaries();
const inFolder = (name: string): string => join(folder, name);

/** Everything that can be opted in to, and a rule for each secret that no custom tells. */
const HEADERS = ["--headers", "*"];
const BODIES = ["--body-prefix", "64KB", "--body-types", "**"];
const QUERY = ["--query-allow", "page"];
const RULES: Readonly<Record<string, readonly string[]>> = {
	"path:tokens": ["path"],
	"header:x-remark": ["header", "responseHeader"],
	"json:$..remark": ["json", "jsonDeep", "responseBody"],
	"form:remark": ["form"],
	"regex:cnrymultipart\\w+": ["multipart"],
	"regex:cnrybinary\\w+": ["binary"],
};
const redact = (rules: readonly string[]): string[] => rules.flatMap((rule) => ["--redact", rule]);
const ALL = [...HEADERS, ...BODIES, ...QUERY, ...redact(Object.keys(RULES))];

/** Bytes of an output, by its name. */
const outputs = new Map<string, Uint8Array>();

/** One of each kind of agent watches the same requests. */
beforeAll(async () => {
	await ensureDebian(["curl"]);
	using certificate = new Certificate();
	const { program: plain, port } = await startSecretServer(canaries);
	await using _plain = plain;
	const { program: encrypted, port: tlsPort } = await startSecretServer(canaries, certificate);
	await using _encrypted = encrypted;
	await using collector = await Wirescribe.start(["collect", "--listen", "127.0.0.1:0", "--output", "json"], {
		ready: "collecting on",
	});
	const address = /collecting on ([^;\s]+)/.exec(collector.stderr)?.[1] as string;
	const watch = ["--port", `${port},${tlsPort}`];
	const start = (name: string, ...args: string[]): Promise<Wirescribe> => {
		const files = ["--ledger", inFolder(`${name}.ledger`), "--state-file", inFolder(`${name}.state`)];
		return Wirescribe.start(["run", ...watch, ...files, "--metrics-listen", "127.0.0.1:0", ...args], {
			ready: "watching ",
			tls: true,
		});
	};
	await using json = await start("json", "--output", "json", "--backend", address, "--units");
	await using text = await start("text", "--output", "text", "--backend", "127.0.0.1:1", "--spool", inFolder("spool"));
	await using opened = await start("opened", "--output", "json", "--partitions", "2", "--tcp-operations", ...ALL);
	await using redacted = await Wirescribe.start(["record", inFolder("redacted.wsr"), ...watch], { tls: true });
	await using whole = await Wirescribe.start(["record", inFolder("raw.wsr"), "--raw", ...watch], { tls: true });
	const requests = sendSecrets("http", port, canaries) + sendSecrets("https", tlsPort, canaries);
	const both = 2 * requests;
	for (const one of [json, text, opened]) await one.until(() => one.lineCount >= both, `${both} lines`);
	for (const [name, one] of Object.entries({ json, text, opened })) {
		const status = /http:\/\/127\.0\.0\.1:\d+/.exec(one.stderr)?.[0] as string;
		for (const page of ["metrics", "healthz", "readyz", "plan"]) {
			outputs.set(`${name} /${page}`, Buffer.from(await (await fetch(`${status}/${page}`)).text()));
		}
		one.child.kill("SIGUSR2");
		await one.until(() => existsSync(inFolder(`${name}.state`)), "its state");
	}
	for (const [name, one] of Object.entries({ json, text, opened, redacted, whole })) {
		await one.stop();
		outputs.set(`${name} stdout`, Buffer.from(one.stdout));
		outputs.set(`${name} stderr`, Buffer.from(one.stderr));
	}
	await collector.stop();
	outputs.set("collector stdout", Buffer.from(collector.stdout));
	outputs.set("collector stderr", Buffer.from(collector.stderr));
	for (const name of ["json", "text", "opened"]) {
		for (const kind of ["ledger", "state"]) outputs.set(`${name} ${kind}`, readFileSync(inFolder(`${name}.${kind}`)));
	}
	for (const name of readdirSync(inFolder("spool")))
		outputs.set(`spool ${name}`, readFileSync(join(inFolder("spool"), name)));
	outputs.set("redacted recording", readFileSync(inFolder("redacted.wsr")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const found = (name: string): string[] =>
	canaries.foundIn(outputs.get(name) ?? expect.unreachable(`there is no ${name}`));

async function replay(recording: string, ...args: string[]): Promise<Uint8Array> {
	await using wirescribe = new Wirescribe(["replay", inFolder(recording), "--output", "json", ...args]);
	const code = await wirescribe.exit();
	expect(code, wirescribe.stderr).toBe(0);
	expect(wirescribe.lineCount).toBeGreaterThanOrEqual(28);
	return Buffer.from(`${wirescribe.stdout}${wirescribe.stderr}`);
}

describe("the search", () => {
	it("finds every secret where nothing is redacted", () => {
		expect(canaries.foundIn(readFileSync(inFolder("raw.wsr")))).toEqual(canaries.places);
	});

	it("finds one in Base64, wherever it begins", () => {
		for (const before of ["", "u", "us", "use", "user:"]) {
			expect(
				canaries.foundIn(Buffer.from(Buffer.from(`${before}${canaries.at("basic")}:z`).toString("base64"))),
			).toEqual(["basic"]);
		}
	});
});

describe("by default", () => {
	it.each(["json stdout", "text stdout", "collector stdout"])("%s has no secret but the path's", (name) => {
		expect(found(name)).toEqual(["path"]);
	});

	it("neither has the spool", () => {
		const spools = [...outputs.keys()].filter((name) => name.startsWith("spool "));
		expect(spools.flatMap(found)).toEqual(["path"]);
	});

	it("neither has a redacted recording, nor what is replayed of it with everything on", async () => {
		expect(found("redacted recording")).toEqual(["path"]);
		expect(canaries.foundIn(await replay("redacted.wsr", "--headers", "*", ...BODIES, "--query-values"))).toEqual([
			"path",
		]);
	});

	it.each([
		"json stderr",
		"text stderr",
		"opened stderr",
		"redacted stderr",
		"whole stderr",
		"collector stderr",
		"json state",
		"json ledger",
		"text ledger",
		"opened ledger",
	])("%s has none", (name) => {
		expect(found(name)).toEqual([]);
	});

	it.each(["json", "text", "opened"])("neither have the pages and the state of %s", (name) => {
		expect(Buffer.from(outputs.get(`${name} /metrics`) as Uint8Array).toString()).toContain('endpoint="GET /plain"');
		expect(Buffer.from(outputs.get(`${name} state`) as Uint8Array).toString()).toContain("GET /plain");
		for (const page of ["/metrics", "/healthz", "/readyz", "/plan", "state"])
			expect(found(`${name} ${page}`)).toEqual([]);
	});

	it("the records of all requests were searched", () => {
		const ledger = JSON.parse(Buffer.from(outputs.get("json ledger") as Uint8Array).toString()) as Ledger;
		expect(ledger.messages).toMatchObject({ logged: 28, balanced: true });
		const text = Buffer.from(outputs.get("json stdout") as Uint8Array).toString();
		expect(text.match(/"tls":true/g)).toHaveLength(14);
	});
});

describe("other readers of a raw recording", () => {
	const read = async (command: string, ...args: string[]): Promise<string[]> => {
		await using wirescribe = new Wirescribe([command, inFolder("raw.wsr"), ...args]);
		expect(await wirescribe.exit(), wirescribe.stderr).toBe(0);
		expect(wirescribe.stdout).toContain("/chunked");
		return canaries.foundIn(Buffer.from(`${wirescribe.stdout}${wirescribe.stderr}`));
	};

	it.each([[["--output", "text"]], [["--output", "json"]], [["--fields", "method,path,host,status"]]])(
		"watch %j shows no secret but the path's, and none with a rule",
		async (args) => {
			expect(await read("watch", ...args)).toEqual(["path"]);
			expect(await read("watch", ...args, ...ALL)).toEqual([]);
		},
	);

	it.each(["har", "curl", "k6", "vitest"])(
		"export as %s has what no custom tells, and nothing with rules",
		async (format) => {
			// An export without headers and bodies would be of no use: all of them are in it, of types whose fields have names.
			const named = ["form", "header", "json", "jsonDeep", "path"];
			const answers = format === "har" || format === "vitest" ? ["responseBody", "responseHeader"] : [];
			expect(await read("export", "--format", format)).toEqual([...named, ...answers].sort());
			expect(await read("export", "--format", format, ...ALL)).toEqual([]);
		},
	);
});

describe("with headers and bodies", () => {
	it("rules leave no secret", () => {
		expect(found("opened stdout")).toEqual([]);
		const text = Buffer.from(outputs.get("opened stdout") as Uint8Array).toString();
		expect(text).toContain('"authorization":"x"');
		expect(text).toContain('{\\"password\\":\\"x\\",\\"remark\\":\\"x\\",\\"deep\\":[{\\"remark\\":\\"x\\"}]}');
		expect(text).toContain("user=u&password=x&remark=x");
	});

	it("neither does a replay of everything", async () => {
		expect(canaries.foundIn(await replay("raw.wsr", ...ALL))).toEqual([]);
	});

	it.each(Object.entries(RULES))("without %s the secrets of %j are found", async (rule, places) => {
		const others = Object.keys(RULES).filter((one) => one !== rule);
		const bytes = await replay("raw.wsr", ...HEADERS, ...BODIES, ...QUERY, ...redact(others));
		expect(canaries.foundIn(bytes)).toEqual([...places].sort());
	});

	it.each([
		["--headers", "cookie", ["cookie"]],
		["--headers", "authorization", ["basic", "bearer"]],
		["--query-allow", "token", ["query"]],
		["--query-allow", "code", ["location"]],
		["--query-allow", "q", ["referer"]],
	])("with %s %s the secrets of %j are found", async (option, name, places) => {
		expect(canaries.foundIn(await replay("raw.wsr", ...ALL, option, name))).toEqual([...places].sort());
	});
});

/**
 * `npm run bench:conntrack`: lookups of translated connections in a network built for it, in every runtime, against one
 * `conntrack -G` each and against go-conntrack's way. As root on Debian 12: what is missing (Go and its netlink library) is
 * installed. Writes its section of bench/RESULTS.md.
 *
 *   --runtimes Node  Node, Bun, Deno
 *   --no-write       print only
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ensureTools, Network } from "../packages/conntrack/test/network.ts";
import { ensureDebian } from "../tools/debian.ts";
import { root } from "../tools/workspace.ts";
import { machine, writeSection } from "./results.ts";
import { commandOf, ENVIRONMENT, runtimeOptions } from "./runtimes.ts";
import { median, spread } from "./statistics.ts";

const NAMES: Readonly<Record<string, string>> = {
	command: "`conntrack -G`, a process each",
	go: "go-conntrack's way: mdlayher/netlink, one at a time",
	single: "`Conntrack.lookup`, one at a time",
	batch: "`Conntrack.lookupAll`, 64 in a message",
	cached: "`ConntrackCache.lookup`, known",
};

const options = runtimeOptions();

type Rates = Readonly<Record<string, readonly number[]>>;

/** Debian has no go-conntrack, but what it is built on. */
async function buildGo(folder: string): Promise<string> {
	await ensureDebian(["golang-go", "golang-github-mdlayher-netlink-dev"]);
	const program = join(folder, "conntrack-go");
	const env = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOCACHE: join(folder, "cache") };
	execFileSync("go", ["build", "-o", program, join(root, "bench/conntrack-go/main.go")], { env, stdio: "inherit" });
	return program;
}

function measureIn(network: Network, runtime: string, goProgram: string): Rates {
	const command = commandOf(runtime);
	process.stderr.write(`${runtime}\n`);
	const file = join(root, "packages/conntrack/bench/measure.ts");
	const variables = Object.entries(ENVIRONMENT).map((entry) => entry.join("="));
	return JSON.parse(network.inClient("env", ...variables, ...command, file, goProgram)) as Rates;
}

function rows(runtime: string, rates: Rates): string[] {
	const command = median(rates["command"] ?? []);
	return Object.entries(rates).map(([name, all]) => {
		const rates = spread(all, (rate) => rate.toLocaleString("en"));
		return `| ${[runtime, NAMES[name] ?? name, rates, `${Math.round(median(all) / command)} x`].join(" | ")} |`;
	});
}

ensureTools();
const folder = mkdtempSync(join(tmpdir(), "wirescribe-bench-"));
const lines: string[] = [];
try {
	const goProgram = await buildGo(folder);
	const network = await Network.create();
	try {
		for (const runtime of options.runtimes) lines.push(...rows(runtime, measureIn(network, runtime, goProgram)));
	} finally {
		await network.remove();
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}
const text = [
	await machine(),
	"",
	"256 connections to a service whose address is translated; every answer is checked. Medians of 5 interleaved slices of 0.3 s, lowest and highest in parentheses. `npm run bench:conntrack`",
	"",
	"| runtime | way | lookups/s | of `conntrack -G` |",
	"| --- | --- | ---: | ---: |",
	...lines,
].join("\n");
console.log(text);
if (options.write) writeSection("conntrack", "Connection tracking lookups", text);

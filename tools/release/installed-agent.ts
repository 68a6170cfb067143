import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import process from "node:process";
import { Wirescribe } from "../../apps/agent/test/wirescribe.ts";
import { mustRun } from "../command.ts";
import { type Manifest, readJson, root } from "../workspace.ts";
import type { ScopeRegistry } from "./scope-registry.ts";
import { strangersEnvironment } from "./strangers-environment.ts";

/** A Node that a user may have, and what is installed beside the agent for it. */
export interface UsersNode {
	readonly name: string;
	/** The folder of its program; undefined: it comes with the agent, in the same prefix. */
	readonly bin: string | undefined;
	readonly beside: readonly string[];
}

/** Node 26 as docs/deploying.md installs it; Node 22, which has no FFI of its own. */
export function usersNodes(): readonly UsersNode[] {
	const { devDependencies, optionalDependencies } = readJson<Manifest>(join(root, "package.json"));
	const node = `node-linux-${process.arch}`;
	return [
		{ name: "Node 26", bin: undefined, beside: [`${node}@${optionalDependencies?.[node]}`] },
		{
			name: "Node 22",
			bin: join(root, "tools/node22/node_modules/.bin"),
			beside: [`koffi@${devDependencies?.["koffi"]}`],
		},
	];
}

/**
 * `npm install --global` of the agent's tarball into an empty prefix, and the command that this gives: it says its version, finds this
 * machine fit, logs both ends of a request, and ends with its ledger. Throws with what was said when one of it is not so.
 */
export async function tryInstalledAgent(
	node: UsersNode,
	tarball: string,
	version: string,
	registry: ScopeRegistry,
	folder: string,
): Promise<void> {
	const prefix = join(folder, node.name.replace(" ", "-").toLowerCase());
	mkdirSync(prefix, { recursive: true });
	const environment = strangersEnvironment();
	const env = { ...environment, PATH: `${node.bin ?? join(prefix, "bin")}${delimiter}${environment["PATH"]}` };
	const install = ["install", "--global", "--prefix", prefix, "--no-audit", "--no-fund", "--loglevel=error"];
	await mustRun("npm", [...install, ...registry.npmArguments, tarball, ...node.beside], { env, cwd: prefix });

	const command = join(prefix, "bin/wirescribe");
	const said = await mustRun(command, ["--version"], { env, cwd: prefix });
	if (said.stdout !== `wirescribe ${version}\n`) throw new Error(`'wirescribe --version' says ${said.stdout}`);
	await mustRun(command, ["doctor"], { env, cwd: prefix });
	await logARequest(command, env["PATH"]);
}

async function logARequest(command: string, path: string): Promise<void> {
	const server = createServer((_, response) => response.end("hello"));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	try {
		const through = ["env", `PATH=${path}`, command];
		await using agent = new Wirescribe(["run", "--port", String(port), "--output", "json"], "", undefined, [], through);
		await agent.until(() => agent.stderr.includes("watching "), "its start line");
		const [response] = await once(get({ host: "127.0.0.1", port, path: "/installed", agent: false }), "response");
		response.resume();
		await agent.until(() => agent.lineCount >= 2, "both ends of a request");
		const code = await agent.stop();
		if (code !== 0) throw new Error(`'wirescribe run' ended with code ${code}:\n${agent.stderr}`);
	} finally {
		server.closeAllConnections();
		server.close();
	}
}

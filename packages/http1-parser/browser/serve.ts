import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Ran } from "./harness.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What the page reported. */
export interface Report {
	readonly agent: string;
	/** Node's globals, which a browser does not have: none must be there. */
	readonly globals: readonly string[];
	readonly ran: readonly Ran[];
}

/** Test files of a package, those for Node left out. */
export interface Portable {
	readonly files: readonly string[];
	readonly leftOut: readonly string[];
}

/** The tests of both packages that ask for nothing of Node's. */
export function portableTests(): Portable {
	const files: string[] = [];
	const leftOut: string[] = [];
	for (const folder of ["buffer/src", "buffer/test", "http1-parser/src", "http1-parser/test"]) {
		const path = join(root, "packages", folder);
		for (const name of listed(path)) {
			const file = relative(root, join(path, name));
			(needsNode(join(path, name)) ? leftOut : files).push(file);
		}
	}
	return { files, leftOut };
}

function listed(path: string): string[] {
	try {
		return readdirSync(path).filter((name) => name.endsWith(".test.ts"));
	} catch {
		// A package may have no such folder.
		return [];
	}
}

function needsNode(file: string): boolean {
	return /\bfrom "node:/.test(readFileSync(file, "utf8"));
}

/**
 * Serves the sources to a browser, types stripped, names of packages mapped: nothing is built or bundled between the code
 * and the page. `report` is called with what the page posts.
 */
export async function serve(files: readonly string[], report: (report: Report) => void): Promise<Server> {
	const page = pageOf(files);
	const server = createServer((request, response) => {
		const url = new URL(request.url ?? "/", "http://localhost");
		if (request.method === "POST") {
			const parts: Buffer[] = [];
			request.on("data", (part: Buffer) => parts.push(part));
			request.on("end", () => {
				response.end();
				report(JSON.parse(Buffer.concat(parts).toString()) as Report);
			});
		} else if (url.pathname === "/") send(response, "text/html", page);
		else sendModule(response, join(root, decodeURIComponent(url.pathname)));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return server;
}

/** Where a server listens. */
export function urlOf(server: Server): string {
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function sendModule(response: ServerResponse, file: string): void {
	const known = file.startsWith(join(root, "packages/")) || file.startsWith(join(root, "node_modules/"));
	try {
		if (!known || !/\.(?:ts|js|mjs)$/.test(file)) throw new Error("not a module of ours");
		const text = readFileSync(file, "utf8");
		send(response, "text/javascript", file.endsWith(".ts") ? stripTypeScriptTypes(text) : text);
	} catch {
		response.writeHead(404).end();
	}
}

function send(response: ServerResponse, type: string, text: string): void {
	response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(text);
}

function pageOf(files: readonly string[]): string {
	const imports = {
		vitest: "/packages/http1-parser/browser/harness.ts",
		"@wirescribe/buffer": "/packages/buffer/src/index.ts",
		"@wirescribe/http1-parser": "/packages/http1-parser/src/index.ts",
		...fastCheck(),
	};
	return `<!doctype html><title>tests</title><script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
const ran = [];
try {
	const { runAll } = await import("vitest");
	for (const file of ${JSON.stringify(files)}) await import("/" + file);
	ran.push(...await runAll());
} catch (error) {
	ran.push({ name: "page", error: String(error) });
}
const globals = ["Buffer", "process", "require", "global"].filter((name) => name in globalThis);
await fetch("/", { method: "POST", body: JSON.stringify({ agent: navigator.userAgent, globals, ran }) });
</script>`;
}

/** fast-check and what it imports, by the exports of their manifests. */
function fastCheck(): Record<string, string> {
	const imports: Record<string, string> = {};
	for (const name of ["fast-check", "pure-rand"]) {
		const { exports } = JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as {
			exports: Record<string, unknown>;
		};
		for (const [key, target] of Object.entries(exports)) {
			const file = esmOf(target);
			if (file !== undefined) imports[name + key.slice(1)] = `/node_modules/${name}/${file.slice(2)}`;
		}
	}
	return imports;
}

function esmOf(target: unknown): string | undefined {
	if (typeof target === "string") return target;
	if (typeof target !== "object" || target === null) return undefined;
	const conditions = target as Record<string, unknown>;
	return esmOf(conditions["import"] ?? conditions["default"]);
}

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Certificate } from "../test/certificate.ts";
import { program } from "../test/runtimes.ts";
import { Program } from "../test/servers.ts";

/** What servers and clients of the matrix share: a folder, a certificate, the compiled programs. */
export interface Stage {
	readonly folder: string;
	readonly certificate: Certificate;
	readonly stack: AsyncDisposableStack;
	/** Port of the server behind the proxies. */
	readonly upstream: number;
	readonly bun: string;
	readonly deno: readonly string[];
	readonly go: (name: "client" | "server") => string;
	/** A file of `programs/`. */
	readonly file: (name: string) => string;
	readonly newFolder: (name: string) => string;
}

/** Ends a program with the process that started it, however that ends. */
export const DIES_WITH_US: readonly string[] = ["setpriv", "--pdeathsig", "TERM"];

const file = (name: string): string => join(import.meta.dirname, "programs", name);

export async function openStage(stack: AsyncDisposableStack): Promise<Stage> {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-matrix-"));
	stack.defer(() => rmSync(folder, { recursive: true, force: true }));
	chmodSync(folder, 0o755);
	mkdirSync(join(folder, "files"));
	for (const size of [1 << 20, 100 << 20]) {
		const path = join(folder, "files", String(size));
		writeFileSync(path, "");
		truncateSync(path, size);
	}
	for (const name of ["client", "server"]) {
		execFileSync("go", ["build", "-o", join(folder, `go-${name}`), file(`${name}.go`)], { stdio: "pipe" });
	}
	const [setpriv = "", ...options] = DIES_WITH_US;
	const { program: node, port } = await Program.listening(setpriv, [
		...options,
		process.execPath,
		file("node_server.mjs"),
	]);
	stack.use(node);
	return {
		folder,
		certificate: stack.use(new Certificate()),
		stack,
		upstream: port,
		bun: program("bun")[0] as string,
		deno: [program("deno")[0] as string, "run", "-A", "--no-config"],
		go: (name) => join(folder, `go-${name}`),
		file,
		newFolder: (name) => {
			const path = join(folder, name);
			mkdirSync(path);
			return path;
		},
	};
}

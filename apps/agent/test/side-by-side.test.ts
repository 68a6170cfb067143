/** Two agents on one machine: each sees all of it, also when the other is killed. */
import { spawnSync } from "node:child_process";
import { beforeAll, expect, it } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { Certificate } from "./certificate.ts";
import { NODE_SERVER, Program } from "./servers.ts";
import { NODE_TLS_SERVER } from "./tls-programs.ts";
import { Wirescribe } from "./wirescribe.ts";

beforeAll(() => ensureDebian(["curl", "openssl"]));

/** A plain and a TLS request, by clients of their own. */
function ask(plain: number, tls: number, path: string): void {
	for (const url of [`http://127.0.0.1:${plain}/plain${path}`, `https://127.0.0.1:${tls}/tls${path}`]) {
		expect(spawnSync("curl", ["-sk", "-o", "/dev/null", url]).status).toBe(0);
	}
}

/** Both ends of both requests. */
function expected(...paths: string[]): string[] {
	const kinds = ["plain", "tls"].flatMap((kind) => ["client", "server"].map((role) => `${role} /${kind}`));
	return paths.flatMap((path) => kinds.map((kind) => kind + path)).sort();
}

const said = ({ lines }: Wirescribe): string[] => lines.map(({ role, path }) => `${role} ${path}`).sort();

it("each logs every request, and one goes on when the other is killed", async () => {
	using certificate = new Certificate();
	const plain = await Program.listening(process.execPath, ["-e", NODE_SERVER, "127.0.0.1"]);
	await using _ = plain.program;
	const tls = await Program.listening(process.execPath, ["-e", NODE_TLS_SERVER, certificate.key, certificate.cert]);
	await using __ = tls.program;
	const options = ["run", "--output", "json", "--port", String(plain.port), "--port", String(tls.port)];
	await using first = await Wirescribe.start(options, { tls: true });
	await using second = await Wirescribe.start(options, { tls: true });
	ask(plain.port, tls.port, "/both");
	for (const agent of [first, second]) await agent.until(() => agent.lineCount >= 4, "four lines");
	first.child.kill("SIGKILL");
	await first.exit();
	ask(plain.port, tls.port, "/alone");
	await second.until(() => second.lineCount >= 8, "eight lines");
	expect(await second.stop(), second.stderr).toBe(0);
	expect(said(first)).toEqual(expected("/both"));
	expect(said(second)).toEqual(expected("/alone", "/both"));
	expect(second.stderr).not.toContain("does not balance");
});

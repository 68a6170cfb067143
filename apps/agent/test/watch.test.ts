import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Wirescribe } from "./wirescribe.ts";

const RECORDING = fileURLToPath(new URL("./fixtures/nginx.wsr", import.meta.url));

async function watch(...args: string[]): Promise<{ code: number | null; lines: string[]; stderr: string }> {
	await using wirescribe = new Wirescribe(["watch", RECORDING, ...args]);
	const code = await wirescribe.exit();
	return { code, lines: wirescribe.stdout.trimEnd().split("\n"), stderr: wirescribe.stderr };
}

describe("watch on a recording", () => {
	it("writes a line for each request, without a colour in a pipe", async () => {
		const { code, lines, stderr } = await watch();
		expect([code, lines.length, stderr]).toEqual([0, 176, ""]);
		expect(lines[0]).toMatch(
			/^17:56:27\.\d{3} 200 +\d+us GET \/ {2}\S+ {2}curl\(\d+\) \S+ → nginx\(\d+\) \S+ {2}79B > 150B$/,
		);
	});

	it("writes colours when they are wanted", async () => {
		const { lines } = await watch("--color", "always", "--filter", "status == 503");
		expect(lines.length).toBe(8);
		expect(lines[0]).toContain("\u001b[31;1m503\u001b[0m");
	});

	it("filters, and writes chosen fields", async () => {
		const { lines } = await watch(
			...["--filter", "status == 5xx and role == server", "--fields", "method,endpoint,path,status"],
			...["--fields", "request.header_bytes,peer"],
		);
		expect(lines).toEqual(Array(4).fill("GET\tGET /broken\t/broken\t503\t85\t-"));
	});

	it("writes JSON, whole or with chosen fields", async () => {
		const { lines } = await watch("--output", "json", "--filter", "path ~ /orders/*/items/* and role == client");
		expect(lines.length).toBe(6);
		expect(JSON.parse(lines[0] as string)).toMatchObject({ path: "/orders/4001/items/7", status: 200, comm: "curl" });
		const chosen = await watch("--output", "json", "--fields", "status,pod", "--filter", "status == 302");
		expect(chosen.lines[0]).toBe('{"status":302,"pod":null}');
	});

	it("says what is wrong with a filter or a field, and what was meant", async () => {
		expect(await watch("--filter", "statsu == 200")).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("column 1: there is no field 'statsu', did you mean 'status'?"),
		});
		expect(await watch("--fields", "methdo")).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("--fields does not know 'methdo': did you mean 'method'?"),
		});
	});
});

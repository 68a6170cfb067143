import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { ensureDebian } from "../../../../tools/debian.ts";
import { systemTlsLibraries } from "./system-libraries.ts";
import { type TlsFunction, tlsFunctionsAt } from "./tls-functions.ts";

beforeAll(() => ensureDebian(["binutils", "libssl3", "libgnutls30"]));

function functionsOf(library: RegExp): { path: string; functions: ReadonlyMap<string, TlsFunction> } {
	const path = realpathSync(systemTlsLibraries().find((one) => library.test(one)) as string);
	const found = tlsFunctionsAt(path).flatMap(({ functions }) => functions);
	return { path, functions: new Map(found.map((one) => [one.name, one])) };
}

/** The first instruction of the function that `name` calls first, as the disassembler has it. */
function firstOfCallee(path: string, name: string): { offset: number; mnemonic: string } {
	const listing = (...args: string[]): string =>
		execFileSync("objdump", ["-d", "-w", ...args, path], { encoding: "utf8" });
	const target = /\scall\s+([0-9a-f]+)/.exec(listing(`--disassemble=${name}`))?.[1] as string;
	const offset = Number.parseInt(target, 16);
	const lines = listing(`--start-address=${offset}`, `--stop-address=${offset + 16}`);
	const [, mnemonic = ""] = new RegExp(`^ *${target}:\\t(?:[0-9a-f]{2} )+\\s*(\\S+)`, "m").exec(lines) ?? [];
	return { offset, mnemonic };
}

/** Other processors' code is not looked through. */
function expectPlain(functions: ReadonlyMap<string, TlsFunction>): void {
	for (const { inside, plain } of functions.values())
		expect([inside, plain.entry.cost]).toEqual([undefined, "unknown"]);
}

test("OpenSSL's pairs are watched at the start of the function that both call", () => {
	const { path, functions } = functionsOf(/libssl\.so\.3/);
	if (process.arch !== "x64") return expectPlain(functions);
	for (const [plain, ex] of [
		["SSL_read", "SSL_read_ex"],
		["SSL_write", "SSL_write_ex"],
	] as const) {
		const { offset, mnemonic } = firstOfCallee(path, ex);
		expect(mnemonic).toBe("push");
		const inside = functions.get(ex)?.inside;
		// The library's code lies in the file at its addresses.
		const site = { offset, cost: "emulated" };
		expect(inside).toMatchObject({ entry: { ...site, atReturn: false }, exits: [{ ...site, atReturn: true }] });
		expect(inside?.call).toBe(functions.get(ex)?.call);
		expect(functions.get(plain)?.inside).toEqual(inside);
		expect(functions.get(plain)?.plain).toMatchObject({ call: functions.get(plain)?.call, entry: { cost: "stepped" } });
	}
	// Cheap from the start: nothing to look for.
	expect(functions.get("SSL_do_handshake")).toMatchObject({
		plain: { entry: { cost: "emulated" } },
		inside: undefined,
	});
});

test("GnuTLS's are watched inside themselves, each way out by its own site", () => {
	const { functions } = functionsOf(/libgnutls/);
	if (process.arch !== "x64") return expectPlain(functions);
	const send = functions.get("gnutls_record_send");
	const place = (send?.inside?.entry.offset ?? 0) - (send?.offset ?? 0);
	expect(place).toBeGreaterThan(0);
	expect(send?.inside?.exits).toEqual([{ ...send?.inside?.entry, atReturn: true }]);
	const receive = functions.get("gnutls_record_recv")?.inside;
	expect(receive?.entry).toMatchObject({ cost: "emulated", atReturn: false });
	expect(receive?.exits.map(({ atReturn, cost }) => [atReturn, cost])).toEqual([
		[false, "stepped"],
		[true, "emulated"],
	]);
});

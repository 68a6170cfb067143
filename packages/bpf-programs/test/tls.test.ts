/** Plaintext of TLS as the kernel's programs see it: OpenSSL at both ends, in a process whose every byte is known. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { FLAG, MESSAGE, PROTOCOL, SYSCALL } from "../src/events.ts";
import { type Counters, lost, skipped, type TlsLinks, type TlsPoint, type TlsTrialResult } from "../src/index.ts";
import { Harness, type OperationEvent } from "./harness.ts";
import { type Libssl, OPENSSL_CALLS } from "./libssl.ts";

const LARGE = 21 + 256 * 160;

/** Functions with a site on trial: one that every call passes, and one that only calls of another function do. */
const TRIALS: Readonly<Record<string, (offsets: Readonly<Record<string, number>>) => number>> = {
	// Behind the first instruction, which moves the stack pointer.
	SSL_read_ex: ({ SSL_read_ex = 0 }) => SSL_read_ex + 4,
	SSL_write_ex: ({ SSL_read_ex = 0 }) => SSL_read_ex + 4,
};

interface Exchange {
	readonly operations: readonly OperationEvent[];
	readonly counters: Counters;
	readonly trials: Readonly<Record<string, TlsTrialResult>>;
}

async function exchange(tlsLinks: TlsLinks): Promise<Exchange> {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-tls-"));
	const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
	const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"];
	execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert], { stdio: "pipe" });
	const python = spawn("/usr/bin/python3", [join(import.meta.dirname, "tls-exchange.py"), key, cert]);
	try {
		const [line] = (await once(python.stdout, "data")) as [Buffer];
		const { path, offsets } = JSON.parse(line.toString()) as Libssl;
		using harness = new Harness({ select: { pids: [python.pid as number] }, tlsLinks });
		const slots = new Map(Object.keys(TRIALS).map((name) => [name, harness.capture.beginTlsTrial()]));
		const points = Object.entries(OPENSSL_CALLS).flatMap(([name, call]): TlsPoint[] => {
			const place = { call, offset: offsets[name] as number, trial: slots.get(name) ?? 0 };
			const counts: TlsPoint[] = [
				{ ...place, program: "exit_tls", atReturn: true },
				{ ...place, program: "enter_tls", atReturn: false },
			];
			if (!place.trial) return counts;
			const site = TRIALS[name]!(offsets);
			return [
				...counts,
				{ ...place, program: "try_tls_exit", atReturn: true },
				{ ...place, program: "try_tls_entry", offset: site, atReturn: false },
			];
		});
		// An exit of other places, which are attached one after another: its entry has not seen the calls that pass it.
		const stray = {
			program: "exit_tls",
			call: "read",
			offset: TRIALS["SSL_read_ex"]!(offsets),
			atReturn: false,
		} as const;
		const attached = harness.capture.attachTls(path, [...points, stray]);
		python.stdin.end("\n");
		const [code] = (await once(python, "exit")) as [number];
		expect(code).toBe(0);
		harness.capture.detach();
		const { operations } = harness.drain();
		const counters = harness.capture.counters();
		const trials = Object.fromEntries([...slots].map(([name, slot]) => [name, harness.capture.tlsTrial(slot)]));
		attached[Symbol.dispose]();
		return { operations, counters, trials };
	} finally {
		python.kill("SIGKILL");
		rmSync(folder, { recursive: true });
	}
}

let operations: readonly OperationEvent[];
let counters: Counters;
let trials: Readonly<Record<string, TlsTrialResult>>;

describe.each(["many", "single"] as const)("with %s links", (links) => {
	beforeAll(async () => {
		({ operations, counters, trials } = await exchange(links));
	});

	/** One end's plaintext of one direction. The server is the one that reads first. */
	function stream(end: "client" | "server", direction: 1 | 2): OperationEvent[] {
		const plain = operations.filter(({ flags }) => flags & FLAG.tls_plaintext);
		const fds = [...new Set(plain.map(({ fd }) => fd))];
		expect(fds).toHaveLength(2);
		const reads = (fd: number): boolean => plain.find((event) => event.fd === fd)?.direction === 1;
		const fd = fds.find((one) => reads(one) === (end === "server"));
		return plain.filter((event) => event.fd === fd && event.direction === direction);
	}

	test("each direction is a stream of its own, from 0, without a hole", () => {
		for (const [end, direction, bytes] of [
			["client", 2, 20 + LARGE],
			["server", 1, 20 + LARGE],
			["server", 2, 17 + 20 + 1000],
			["client", 1, 17 + 20 + 1000],
		] as const) {
			let offset = 0;
			for (const event of stream(end, direction)) {
				expect([event.offset, event.syscall]).toEqual([offset, direction === 1 ? SYSCALL.tls_read : SYSCALL.tls_write]);
				offset += event.bytes;
			}
			expect(offset).toBe(bytes);
		}
	});

	test("the bytes are the plaintext's, up to the limits", () => {
		const [first, large] = stream("client", 2) as [OperationEvent, OperationEvent];
		expect(Buffer.from(first.captured).toString()).toBe("POST /one HTTP/1.1\r\n");
		expect(first).toMatchObject({ message: MESSAGE.request, protocol: PROTOCOL.http1, role: 1 });
		expect(large.bytes).toBe(LARGE);
		expect(large.captured).toHaveLength(32_768);
		expect(large.tail).toHaveLength(32);
		expect(large.flags & FLAG.cut).toBe(FLAG.cut);
		expect([...large.tail]).toEqual(Array.from({ length: 32 }, (_, i) => 224 + i));
		const pieces = stream("server", 1).slice(1);
		// A record is 16 KiB: read in pieces, all with their bytes.
		expect(pieces.length).toBeGreaterThan(LARGE / 5000);
		const together = Buffer.concat(pieces.map(({ captured }) => captured.subarray(0, 4096)));
		expect(together.subarray(0, 21).toString()).toBe("GET /large HTTP/1.1\r\n");
	});

	test("ids are the connection's: unique, a write's before its answer's, each naming the one before", () => {
		for (const end of ["client", "server"] as const) {
			const all = [...stream(end, 1), ...stream(end, 2)].sort((a, b) => a.dataId - b.dataId);
			expect(new Set(all.map(({ dataId }) => dataId)).size).toBe(all.length);
			// One after another, although the ciphertext's system calls lie between them.
			expect(all.map(({ dataId }) => dataId - (all[0]?.dataId ?? 0))).toEqual([...all.keys()]);
			expect(all.map(({ prevDataId }) => prevDataId)).toEqual([0, ...all.slice(0, -1).map(({ dataId }) => dataId)]);
			expect(all[0]?.direction).toBe(end === "client" ? 2 : 1);
			for (const event of all) {
				expect(event.startNs).toBeGreaterThan(0);
				expect(event.endNs).toBeGreaterThan(event.startNs);
			}
		}
	});

	test("no ciphertext is copied, and every operation is in the ledger", () => {
		for (const { flags, captured, tail } of operations) {
			if (!(flags & FLAG.tls_plaintext)) expect([captured.length, tail.length]).toEqual([0, 0]);
		}
		expect(counters.skipped_tls_ciphertext).toBeGreaterThan(10);
		expect(counters.lost_tls_socket).toBe(0);
		expect(counters.seen).toBe(skipped(counters) + counters.submitted + lost(counters));
		expect(counters.submitted).toBe(operations.length);
	});

	test("a site is as good as the entry when every call passes it", () => {
		const [passed, failed] = [trials["SSL_read_ex"], trials["SSL_write_ex"]];
		expect(passed?.passed).toBeGreaterThan(10);
		expect(passed?.failed).toBe(0);
		expect(failed?.passed).toBe(0);
		expect(failed?.failed).toBeGreaterThan(3);
	});
});

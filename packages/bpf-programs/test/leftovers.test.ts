/** What is remembered goes with the process or the socket that it is about, and is not taken for another's. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer } from "node:tls";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { Harness } from "./harness.ts";
import { entriesOf, objectsOf } from "./kernel-objects.ts";
import { addressOf, libc, listenOn, loopback, ok, readSome, tcpSocket, writeAll } from "./libc.ts";
import { request, response } from "./traffic.ts";

beforeAll(() => ensureDebian(["openssl"]));

function entries(name: string): number | undefined {
	return entriesOf(objectsOf(process.pid)).get(name);
}

/** Of connections that a shell holds at the same time. */
const DESCRIPTORS = [3, 4, 5, 6, 7, 8, 9];

/** A process to be left out: bash, which connects, writes and closes itself, as it is told to. */
class Shell {
	readonly #child = spawn("bash", { stdio: ["pipe", "pipe", "inherit"] });
	readonly #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

	get pid(): number {
		return this.#child.pid as number;
	}

	async run(commands: string): Promise<void> {
		this.#child.stdin.write(`${commands}\necho\n`);
		await this.#lines.next();
	}

	async end(): Promise<void> {
		if (this.#child.kill("SIGKILL")) await once(this.#child, "exit");
	}
}

describe("an excluded process", () => {
	let shell: Shell;
	let listener: ReturnType<typeof listenOn>;

	beforeEach(() => {
		shell = new Shell();
		listener = listenOn("ip4");
	});

	afterEach(async () => {
		libc.close(listener.fd);
		await shell.end();
	});

	const capture = (): Harness => new Harness({ excludePids: [shell.pid], select: { ports: [listener.port] } });
	const connect = (descriptor = 3, by = shell): Promise<void> =>
		by.run(`exec ${descriptor}<>/dev/tcp/127.0.0.1/${listener.port}`);
	const ask = (): Promise<void> => shell.run("printf 'GET /own HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3");
	const close = (descriptor = 3): Promise<void> => shell.run(`exec ${descriptor}>&-`);

	/** The other end, and the port it is connected to. */
	const accept = (): { fd: number; port: number } => {
		const address = loopback("ip4", 0);
		const length = new Uint8Array(new Uint32Array([address.length]).buffer);
		const fd = ok(libc.accept(listener.fd, addressOf(address), addressOf(length)), "accept");
		return { fd, port: new DataView(address.buffer).getUint16(2, false) };
	};

	const reset = (fd: number): void => {
		const linger = new Uint8Array(new Int32Array([1, 0]).buffer);
		ok(libc.setsockopt(fd, 1, 13, addressOf(linger), 8), "SO_LINGER");
		libc.close(fd);
	};

	/**
	 * A request of this process from one of these ports, which nobody has any more, but for others on this machine; who was seen of each:
	 * the client, the server.
	 */
	const askFrom = (harness: Harness, ports: readonly number[]): readonly (readonly boolean[])[] =>
		ports.map((port) => askFromOne(harness, port)).filter((seen) => seen !== undefined);

	const askFromOne = (harness: Harness, port: number): readonly boolean[] | undefined => {
		const client = tcpSocket("ip4");
		const [own, peer] = [loopback("ip4", port), loopback("ip4", listener.port)];
		if (libc.bind(client, addressOf(own), own.length) < 0) {
			libc.close(client);
			return undefined;
		}
		ok(libc.connect(client, addressOf(peer), peer.length), "connect");
		const server = accept();
		expect(server.port).toBe(port);
		writeAll(client, request);
		readSome(server.fd, 4096);
		const events = harness.drain();
		reset(server.fd);
		libc.close(client);
		return [client, server.fd].map((fd) => events.on(fd).length === 1);
	};

	test("leaves nothing behind of connections that are over", async () => {
		using harness = capture();
		const before = harness.capture.counters().skipped_own;
		for (let i = 0; i < 300; i++) {
			await connect();
			await ask();
			const { fd } = accept();
			readSome(fd, 4096);
			if (i === 0) expect(entries("excluded_tuples")).toBe(1);
			// By turns each end closes first.
			if (i % 2) reset(fd);
			await close();
			if (i % 2 === 0) libc.close(fd);
		}
		expect(entries("excluded_tuples")).toBe(0);
		expect(harness.capture.counters().skipped_own - before).toBeGreaterThanOrEqual(600);
		expect(harness.drain().all).toEqual([]);
	});

	test("leaves its ports to others while it still holds the dead sockets", async () => {
		using harness = capture();
		const ports: number[] = [];
		for (const descriptor of DESCRIPTORS) {
			await connect(descriptor);
			const { fd, port } = accept();
			reset(fd);
			ports.push(port);
		}
		const seen = askFrom(harness, ports);
		expect(seen.length).toBeGreaterThan(0);
		expect(seen).toEqual(seen.map(() => [true, true]));
		for (const descriptor of DESCRIPTORS) await close(descriptor);
		expect(entries("excluded_tuples")).toBe(0);
	});

	test("stays unseen at an end that is accepted when the other is gone", async () => {
		using harness = capture();
		await connect();
		await ask();
		await close();
		const { fd } = accept();
		readSome(fd, 4096);
		libc.close(fd);
		expect(harness.drain().all).toEqual([]);
	});

	test("stays unseen after a suspension, and what ended meanwhile is nobody's", async () => {
		using harness = capture();
		await connect();
		const stays = accept();
		const other = new Shell();
		try {
			harness.capture.exclude(other.pid);
			// Memory and ports of several: some will be had again by the sockets below, both at once.
			const ends: ReturnType<typeof accept>[] = [];
			for (const descriptor of DESCRIPTORS) {
				await connect(descriptor, other);
				ends.push(accept());
			}
			harness.capture.suspend();
			for (const { fd } of ends) reset(fd);
			await other.end();
			while (!harness.capture.resume()) await sleep(50);
			writeAll(stays.fd, response);
			libc.close(stays.fd);
			expect(harness.drain().all).toEqual([]);
			const seen = askFrom(
				harness,
				ends.map(({ port }) => port),
			);
			expect(seen.length).toBeGreaterThan(0);
			expect(seen).toEqual(seen.map(() => [true, true]));
		} finally {
			await other.end();
		}
	});
});

test("that a process speaks TLS is forgotten with the process", async () => {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-leftovers-"));
	const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
	const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"];
	execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert], { stdio: "pipe" });
	const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
		socket.on("error", () => {});
		socket.end("hello\n");
	}).listen(0, "127.0.0.1");
	try {
		await once(server, "listening");
		const { port } = server.address() as AddressInfo;
		using _ = new Harness({ select: { ports: [port] } });
		const client = async (): Promise<void> => {
			const args = ["s_client", "-quiet", "-connect", `127.0.0.1:${port}`];
			const child = spawn("openssl", args, { stdio: ["ignore", "pipe", "ignore"] });
			const [said] = (await once(child.stdout, "data")) as [Buffer];
			expect(said.toString()).toBe("hello\n");
			if (child.exitCode === null) await once(child, "exit");
		};
		await client();
		// This process, at the other end.
		expect(entries("tls_reports")).toBe(1);
		for (let i = 0; i < 20; i++) await client();
		expect(entries("tls_reports")).toBe(1);
	} finally {
		server.close();
		rmSync(folder, { recursive: true });
	}
});

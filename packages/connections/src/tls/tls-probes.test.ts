import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bin } from "../../../../tools/workspace.ts";
import type { TlsProbePoint } from "./file-probes.ts";
import { systemTlsLibraries } from "./system-libraries.ts";
import { TlsProbes } from "./tls-probes.ts";

/** Takes the kernel's place: keeps what is attached. */
class Attached {
	readonly points = new Set<TlsProbePoint>();
	refuse: (path: string) => boolean = () => false;

	readonly attach = (path: string, points: readonly TlsProbePoint[]): Disposable => {
		if (this.refuse(path)) throw new Error("refused");
		for (const point of points) this.points.add(point);
		return {
			[Symbol.dispose]: () => {
				for (const point of points) this.points.delete(point);
			},
		};
	};

	get programs(): string[] {
		return [...this.points].map(({ program }) => program).sort();
	}
}

/** Node, which exports its OpenSSL; the tests run in other runtimes, too. */
const NODE = realpathSync(bin("node"));

const OPENSSL = [...Array(5).fill("enter_tls"), ...Array(5).fill("exit_tls")];

let children: ChildProcess[] = [];
let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "wirescribe-probes-"));
});
afterEach(async () => {
	for (const child of children) await end(child);
	children = [];
	rmSync(folder, { recursive: true });
});

/** A python3 of its own that runs this first, says so, and then the next lines that it is told. */
async function python(first: string, program = "/usr/bin/python3"): Promise<ChildProcess & { pid: number }> {
	const loop = "import sys\nprint('ready', flush=True)\nfor line in sys.stdin: exec(line); print('done', flush=True)";
	const child = spawn(program, ["-u", "-c", `${first}\n${loop}`], { stdio: ["pipe", "pipe", "inherit"] });
	children.push(child);
	await line(child, "ready");
	return child as ChildProcess & { pid: number };
}

/** Waits for a line of the child's output; it may come in pieces. */
async function line(child: ChildProcess, wanted: string): Promise<void> {
	for (let text = ""; !text.endsWith(`${wanted}\n`); ) text += (await once(child.stdout!, "data"))[0];
}

async function tell(child: ChildProcess, statement: string): Promise<void> {
	child.stdin?.write(`${statement}\n`);
	await line(child, "done");
}

async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill("SIGKILL");
	await once(child, "exit");
}

test("a file is watched once, for as long as a process has it", async () => {
	const attached = new Attached();
	using probes = new TlsProbes(attached);
	const [one, two] = [await python("import ssl"), await python("import ssl")];
	probes.scan(one.pid);
	expect(attached.programs).toEqual(OPENSSL);
	for (const { program, atReturn } of attached.points) expect(atReturn).toBe(program === "exit_tls");
	probes.scan(two.pid);
	probes.scan(two.pid);
	expect(attached.points.size).toBe(OPENSSL.length);
	expect(probes.list()).toMatchObject([
		{ path: expect.stringMatching(/libssl\.so/), pids: [one.pid, two.pid], standing: false, error: undefined },
	]);
	expect(probes.list()[0]?.probes.map(({ stage }) => stage)).toEqual(Array(5).fill("plain"));
	expect(probes.visibility(one.pid)).toMatchObject({ files: [expect.stringMatching(/libssl/)], reason: undefined });
	await end(one);
	probes.forget(one.pid);
	expect(attached.points.size).toBe(OPENSSL.length);
	await end(two);
	probes.sweep();
	expect(attached.points.size).toBe(OPENSSL.length);
	const three = await python("import ssl");
	probes.scan(three.pid);
	await end(three);
	probes.sweep();
	expect(attached.points.size).toBe(OPENSSL.length);
	probes.sweep();
	expect(attached.points.size).toBe(0);
	expect(probes.list()).toEqual([]);
});

test("a library that is loaded later is found by another look", async () => {
	const attached = new Attached();
	using probes = new TlsProbes(attached);
	const child = await python("");
	probes.scan(child.pid);
	expect(attached.points.size).toBe(0);
	expect(probes.visibility(child.pid).reason).toMatch(/^it maps no OpenSSL or GnuTLS/);
	await tell(child, "import ssl");
	probes.scan(child.pid);
	expect(attached.programs).toEqual(OPENSSL);
	expect(probes.visibility(child.pid).reason).toBeUndefined();
});

test("libraries of the system are watched before anybody has them, and after", async () => {
	const attached = new Attached();
	const standing = systemTlsLibraries();
	expect(standing.some((path) => path.endsWith("libssl.so.3"))).toBe(true);
	using probes = new TlsProbes({ ...attached, attach: attached.attach, standing });
	const before = attached.points.size;
	expect(before).toBeGreaterThanOrEqual(OPENSSL.length);
	const child = await python("import ssl");
	probes.scan(child.pid);
	expect(attached.points.size).toBe(before);
	await end(child);
	probes.forget(child.pid);
	expect(attached.points.size).toBe(before);
	probes.close();
	expect(attached.points.size).toBe(0);
});

test("a file that refuses leaves nothing behind, says why, and touches no other", async () => {
	const attached = new Attached();
	using probes = new TlsProbes({ attach: attached.attach });
	const node = spawn(NODE, ["-e", "setInterval(() => {}, 1000); console.log(1)"]);
	children.push(node);
	await once(node.stdout, "data");
	const child = await python("import ssl");
	attached.refuse = (path) => path.includes(`/${node.pid}/`);
	probes.scan(node.pid as number);
	expect(attached.points.size).toBe(0);
	expect(probes.visibility(node.pid as number).reason).toBe("its TLS functions cannot be probed: refused");
	probes.scan(child.pid);
	expect(attached.programs).toEqual(OPENSSL);
	attached.refuse = () => false;
	probes.scan(node.pid as number);
	expect(attached.points.size).toBe(2 * OPENSSL.length);
	expect(probes.list().map(({ error }) => error)).toEqual([undefined, undefined]);
});

test("an executable that was deleted while it runs is reached through the process", async () => {
	const attached = new Attached();
	using probes = new TlsProbes({ attach: attached.attach });
	const copy = join(folder, "node");
	copyFileSync(NODE, copy);
	const child = spawn(copy, ["-e", "setInterval(() => {}, 1000); console.log(1)"]);
	children.push(child);
	await once(child.stdout, "data");
	rmSync(copy);
	probes.scan(child.pid as number);
	expect(attached.programs).toEqual(OPENSSL);
	expect(probes.list()[0]?.path).toBe(copy);
});

test("processes that are gone, and this one when it is excluded, are no trouble", async () => {
	const attached = new Attached();
	using probes = new TlsProbes({ attach: attached.attach, excludePids: [process.pid] });
	const child = await python("import ssl");
	await end(child);
	probes.scan(child.pid);
	probes.scan(2 ** 22 + 1);
	probes.scan(process.pid);
	probes.forget(child.pid);
	expect(attached.points.size).toBe(0);
	expect(probes.visibility(child.pid)).toMatchObject({
		pid: child.pid,
		files: [],
		attachedNs: 0,
		reason: undefined,
		hasTls: false,
	});
	// What it ran tells something when that has a TLS of its own; that it shows none does not: its libraries are not known.
	expect(probes.visibility(child.pid, realpathSync(bin("deno"))).reason).toBe("Deno uses rustls, which has no symbols");
	expect(probes.visibility(child.pid, realpathSync("/usr/bin/python3")).reason).toBeUndefined();
});

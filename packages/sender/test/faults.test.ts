/*
 * Faults of the machine: each with what was sent and what arrived, record by record, and a ledger that balances. They need
 * root, as they take a network namespace or a file system of their own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand } from "../../../tools/command.ts";
import { ensureDebian } from "../../../tools/debian.ts";
import type { SenderLedger } from "../src/index.ts";
import { local, runtimes } from "./runtimes.ts";

/** Against hanging only. */
const node = runtimes["node 26"]!;
const cleanup: (() => unknown)[] = [];
let folder: string;
beforeEach(async () => {
	await ensureDebian(["iproute2", "nftables", "util-linux"]);
	folder = mkdtempSync(join(tmpdir(), "wirescribe-faults-"));
	cleanup.push(() => rmSync(folder, { recursive: true }));
});
afterEach(async () => {
	for (const step of cleanup.splice(0).reverse()) await step();
});

interface Process {
	readonly child: ChildProcess;
	readonly lines: string[];
	tell(command: string): void;
	kill(): Promise<void>;
}

function run(before: readonly string[], script: string, ...args: readonly string[]): Process {
	const [file = "", ...rest] = [...before, node.bin, ...node.flags, local(script), ...args];
	const child = spawn(file, rest, { stdio: ["pipe", "pipe", "inherit"] });
	const exited = once(child, "exit");
	const lines: string[] = [];
	createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
	const kill = async (): Promise<void> => {
		child.kill("SIGKILL");
		await exited;
	};
	cleanup.push(kill);
	return { child, lines, tell: (command) => void child.stdin.write(`${command}\n`), kill };
}

/** A peer; where it listens. */
async function runPeer(before: readonly string[], port: number): Promise<Process> {
	const peer = run(before, "./peers/peer.ts", `port=${port}`);
	await expect.poll(() => peer.lines[0]).toBe(`listening ${port}`);
	return peer;
}

const arrived = (...peers: readonly Process[]): Set<number> =>
	new Set(peers.flatMap(({ lines }) => lines.slice(1).flatMap((line) => JSON.parse(line).tails.map(Number))));

/** The ledger that a client has printed last. */
const ledgerOf = ({ lines }: Process): SenderLedger =>
	JSON.parse(lines.findLast((line) => line.startsWith("{")) ?? "null");

function balanced(ledger: SenderLedger): SenderLedger {
	const lost = Object.values(ledger.lost).reduce((sum, n) => sum + n, 0);
	expect(ledger.acked + ledger.retained + ledger.spooled + lost).toBe(ledger.accepted);
	return ledger;
}

async function finish(client: Process): Promise<SenderLedger> {
	const ended = once(client.child, "exit");
	client.tell("end");
	await ended;
	return balanced(ledgerOf(client));
}

/** A network of its own with nothing but a loopback, which goes with its last process. */
async function namespace(): Promise<readonly string[]> {
	const holder = spawn("unshare", ["-nm", "sh", "-c", "ip link set lo up && echo up && sleep 1000000"], {
		stdio: ["ignore", "pipe", "inherit"],
		detached: true,
	});
	cleanup.push(() => holder.pid !== undefined && process.kill(-holder.pid, "SIGKILL"));
	await once(holder.stdout, "data");
	return ["nsenter", "-t", String(holder.pid), "-n", "-m"];
}

async function command(before: readonly string[], text: string): Promise<void> {
	const { code, output } = await runCommand(before[0] ?? "sh", [...before.slice(1), "sh", "-c", text]);
	if (code !== 0) throw new Error(`${text}: ${output}`);
}

test("a black hole: found by lack of progress, and nothing is lost when it is over", async () => {
	const inside = await namespace();
	const peer = await runPeer(inside, 11800);
	const client = run(inside, "./fault-client.ts", "127.0.0.1:11800", "");
	client.tell("run");
	await expect.poll(() => arrived(peer).size).toBeGreaterThan(1000);
	// Packets vanish: no reset, no answer.
	await command(inside, "nft add table ip hole && nft 'add chain ip hole in { type filter hook input priority 0; }'");
	await command(inside, "nft add rule ip hole in tcp dport 11800 drop && nft add rule ip hole in tcp sport 11800 drop");
	await expect.poll(() => client.lines.join("\n")).toContain("no progress for");
	await command(inside, "nft delete table ip hole");
	await new Promise((resolve) => setTimeout(resolve, 1000));
	client.tell("pause");
	const ledger = await finish(client);
	expect(ledger).toMatchObject({ acked: ledger.accepted });
	expect(ledger.resent.units).toBeGreaterThan(0);
	await expect.poll(() => arrived(peer).size).toBe(ledger.accepted);
});

test("a name that does not resolve, then does", async () => {
	const inside = await namespace();
	const peer = await runPeer(inside, 11800);
	await command(inside, `: > ${folder}/hosts && mount --bind ${folder}/hosts /etc/hosts`);
	await command(inside, `: > ${folder}/resolv && mount --bind ${folder}/resolv /etc/resolv.conf`);
	const client = run(inside, "./fault-client.ts", "collector.test:11800", "");
	client.tell("run");
	await expect.poll(() => client.lines.join("\n")).toMatch(/retry.*(ENOTFOUND|EAI_AGAIN)/);
	await command(inside, `echo '127.0.0.1 collector.test' > ${folder}/hosts`);
	await expect.poll(() => arrived(peer).size).toBeGreaterThan(1000);
	client.tell("pause");
	const ledger = await finish(client);
	expect(ledger).toMatchObject({ acked: ledger.accepted, resent: { units: 0 } });
	expect(arrived(peer).size).toBe(ledger.accepted);
});

test("a peer that is killed under load for 20 seconds", async () => {
	const inside = await namespace();
	const first = await runPeer(inside, 11800);
	const client = run(inside, "./fault-client.ts", "127.0.0.1:11800", "");
	client.tell("run");
	await expect.poll(() => arrived(first).size).toBeGreaterThan(1000);
	await first.kill();
	await new Promise((resolve) => setTimeout(resolve, 20_000));
	const second = await runPeer(inside, 11800);
	await expect.poll(() => arrived(second).size).toBeGreaterThan(1000);
	client.tell("pause");
	const ledger = await finish(client);
	expect(ledger).toMatchObject({ acked: ledger.accepted });
	expect(arrived(first, second).size).toBe(ledger.accepted);
});

test("an agent killed with 10,000 records retained, then started again", async () => {
	const inside = await namespace();
	const spool = join(folder, "spool");
	const first = run(inside, "./fault-client.ts", "127.0.0.1:11800", spool);
	first.tell("put 10000");
	await expect.poll(() => first.lines.join("\n")).toContain("closed 10000");
	await first.kill();
	const peer = await runPeer(inside, 11800);
	const second = run(inside, "./fault-client.ts", "127.0.0.1:11800", spool);
	const ledger = await finish(second);
	expect(ledger).toMatchObject({ accepted: 10_000, acked: 10_000, spooled: 0 });
	expect(arrived(peer).size).toBe(10_000);
});

test("a full disk: the memory is used as it was without one, and the sender goes on", async () => {
	const inside = await namespace();
	const spool = join(folder, "spool");
	await command(inside, `mkdir ${spool} && mount -t tmpfs -o size=256k none ${spool}`);
	const client = run(inside, "./fault-client.ts", "127.0.0.1:11800", spool, "400000");
	client.tell("put 10000");
	await expect.poll(() => client.lines.join("\n")).toContain("closed 10000");
	await expect.poll(() => client.lines.join("\n")).toMatch(/Cannot write to the spool.*ENOSPC/);
	const peer = await runPeer(inside, 11800);
	const ledger = await finish(client);
	expect(ledger.lost.queue).toBeGreaterThan(0);
	expect(ledger.acked + ledger.lost.queue).toBe(10_000);
	expect(arrived(peer).size).toBe(ledger.acked);
});

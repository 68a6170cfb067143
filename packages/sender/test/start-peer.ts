import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { runCommand } from "../../../tools/command.ts";
import { ensureDebian } from "../../../tools/debian.ts";
import { local, runtimes } from "./runtimes.ts";

/** A stream that a peer has taken to its end. */
export interface TakenStream {
	readonly unit: string;
	readonly code: number;
	readonly tails: readonly string[];
}

export interface Peer {
	readonly port: number;
	readonly target: string;
	/** Grows while the peer lives. */
	readonly taken: readonly TakenStream[];
	stop(): Promise<void>;
}

export const stacks = ["grpc-js", "python3-grpcio", "Go"] as const;
export type Stack = (typeof stacks)[number];

/** Commands that run the peers of `peers/README.md`. */
export interface Peers extends AsyncDisposable {
	start(stack: Stack, options?: Readonly<Record<string, string | number>>): Promise<Peer>;
}

/** Installs and builds what the peers need: Go's takes half a minute, in a folder that goes again. */
export async function preparePeers(): Promise<Peers> {
	const codecs = ["golang-github-golang-snappy-dev", "golang-github-klauspost-compress-dev"];
	await ensureDebian(["python3-grpcio", "golang-go", "golang-google-grpc-dev", ...codecs]);
	const folder = await mkdtemp(join(tmpdir(), "wirescribe-peers-"));
	const goPeer = join(folder, "peer");
	// Debian's Go libraries are a GOPATH of sources.
	const go = { GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOCACHE: join(folder, "cache"), GOFLAGS: "" };
	const build = await runCommand("/usr/bin/go", ["build", "-o", goPeer, local("./peers/peer.go")], {
		env: { ...process.env, ...go },
	});
	if (build.code !== 0) throw new Error(`Cannot build Go's peer:\n${build.output}`);
	const node = runtimes["node 26"]!;
	const commands: Readonly<Record<Stack, readonly string[]>> = {
		"grpc-js": [node.bin, ...node.flags, local("./peers/peer.ts")],
		"python3-grpcio": ["/usr/bin/python3", local("./peers/peer.py")],
		Go: [goPeer],
	};
	return {
		start: (stack, options = {}) => startPeer(commands[stack], options),
		[Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
	};
}

async function startPeer(
	command: readonly string[],
	options: Readonly<Record<string, string | number>>,
): Promise<Peer> {
	const [file = "", ...args] = command;
	const settings = Object.entries(options).map(([name, value]) => `${name}=${value}`);
	const child = spawn(file, [...args, ...settings], { stdio: ["pipe", "pipe", "inherit"] });
	const exited = once(child, "exit");
	const lines = createInterface({ input: child.stdout });
	const taken: TakenStream[] = [];
	const port = await new Promise<number>((resolve, reject) => {
		lines.on("line", (line) => {
			if (line.startsWith("listening ")) resolve(Number(line.slice("listening ".length)));
			else taken.push(JSON.parse(line));
		});
		exited.then(() => reject(new Error(`${file} has ended before it listened`)));
	});
	const stop = async (): Promise<void> => {
		child.kill("SIGKILL");
		await exited;
	};
	return { port, target: `127.0.0.1:${port}`, taken, stop };
}

/**
 * Two machines and a service between them, built from network namespaces:
 *
 *     client (nat: service -> server, like a node of a cluster) ---- veth ---- server
 *     10.77.0.1, fd77::1; lo 10.88.0.1 (masqueraded)              10.77.0.2, fd77::2
 *     lo 10.89.0.1 (translated to 10.77.0.9, port 40000-40999)    10.77.0.3, 10.77.0.4
 *     service 10.96.0.1:80, [fd96::1]:80   -->   10.77.0.2:8080, [fd77::2]:8080
 *     service 10.96.0.2:80                 -->   10.77.0.2:8080 and 10.77.0.3:8080 in turn
 *     what goes to 10.77.0.4 is tracked in zone 5
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";

const NAT = `
table ip nat {
	chain output { type nat hook output priority -100; ip daddr 10.96.0.1 tcp dport 80 meta mark set 7 ct mark set 7 dnat to 10.77.0.2:8080; ip daddr 10.96.0.2 tcp dport 80 dnat ip to numgen inc mod 2 map { 0 : 10.77.0.2 . 8080, 1 : 10.77.0.3 . 8080 }; }
	chain postrouting { type nat hook postrouting priority 100; ip saddr 10.88.0.1 masquerade; ip saddr 10.89.0.1 meta l4proto tcp snat to 10.77.0.9:40000-40999; }
	chain zones { type filter hook output priority raw; ip daddr 10.77.0.4 ct zone set 5; }
	chain answers { type filter hook prerouting priority raw; ip saddr 10.77.0.4 ct zone set 5; }
}
table ip6 nat {
	chain output { type nat hook output priority -100; ip6 daddr fd96::1 tcp dport 80 dnat to [fd77::2]:8080; }
}`;

/** Accepts on 8080 and keeps what it accepts; says when it is ready. */
const SERVER = `
const open = new Set();
require("node:net").createServer((socket) => open.add(socket.on("error", () => {}))).listen(8080, "::", () => console.log("ready"));`;

function run(command: string, ...args: string[]): string {
	return execFileSync(command, args, { encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
}

function has(command: string): boolean {
	try {
		run("sh", "-c", `command -v ${command}`);
		return true;
	} catch {
		return false;
	}
}

/** On Debian, what is missing is installed. */
export function ensureTools(): void {
	const packages = { ip: "iproute2", nft: "nftables", conntrack: "conntrack", setpriv: "util-linux" };
	const missing = Object.entries(packages).filter(([command]) => !has(command));
	if (missing.length === 0) return;
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	execFileSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
	const names = missing.map(([, name]) => name);
	execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], { env, stdio: "ignore" });
}

export class Network {
	readonly client: string = `wsct-c-${process.pid}`;
	readonly server: string = `wsct-s-${process.pid}`;
	#process: ChildProcess | undefined;

	/** Builds it; what was built of one that failed is removed again. */
	static async create(): Promise<Network> {
		const network = new Network();
		try {
			network.#build();
			await network.#serve();
			return network;
		} catch (error) {
			await network.remove();
			throw error;
		}
	}

	/** Runs a command on the client machine. */
	inClient(command: string, ...args: string[]): string {
		return run("ip", "netns", "exec", this.client, command, ...args);
	}

	async remove(): Promise<void> {
		if (this.#process?.exitCode === null && this.#process.kill("SIGKILL")) await once(this.#process, "exit");
		for (const name of [this.client, this.server]) {
			try {
				run("ip", "netns", "del", name);
			} catch {
				// It was not built.
			}
		}
	}

	#build(): void {
		const { client, server } = this;
		const ip = (line: string): string => run("ip", ...line.split(" "));
		for (const name of [client, server]) ip(`netns add ${name}`);
		ip(`-n ${client} link add eth0 type veth peer name eth0 netns ${server}`);
		for (const [name, number] of [
			[client, 1],
			[server, 2],
		] as const) {
			ip(`-n ${name} link set lo up`);
			ip(`-n ${name} addr add 10.77.0.${number}/24 dev eth0`);
			ip(`-n ${name} addr add fd77::${number}/64 dev eth0 nodad`);
			ip(`-n ${name} link set eth0 up`);
		}
		for (const address of ["10.88.0.1", "10.89.0.1"]) ip(`-n ${client} addr add ${address}/32 dev lo`);
		ip(`-n ${client} addr add 10.77.0.9/24 dev eth0`);
		for (const address of ["10.77.0.3", "10.77.0.4"]) ip(`-n ${server} addr add ${address}/24 dev eth0`);
		ip(`-n ${client} route add default via 10.77.0.2`);
		ip(`-n ${client} -6 route add default via fd77::2`);
		execFileSync("ip", ["netns", "exec", client, "nft", "-f", "-"], { input: NAT });
	}

	async #serve(): Promise<void> {
		const args = ["netns", "exec", this.server, process.execPath, "-e", SERVER];
		const env = { ...process.env, NODE_OPTIONS: "" };
		this.#process = spawn("ip", args, { env, stdio: ["ignore", "pipe", "inherit"] });
		const ready = once(this.#process.stdout!, "data");
		const ended = once(this.#process, "exit").then(() => Promise.reject(new Error("the server ended")));
		await Promise.race([ready, ended]);
		ended.catch(() => {});
	}
}

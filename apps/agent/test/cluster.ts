/**
 * A node of a cluster in small, made of network namespaces; nothing of this machine's own network is touched.
 *
 *     pod 10.78.1.2 ---- node 10.78.1.1, 10.78.2.1 ---- server 10.78.2.2
 *                        service 10.97.0.1:80 --> 10.78.2.2:8080, for the pod and for the node itself
 *                        10.97.0.2:80 --> the node's own port 15001, as a service mesh's proxy takes connections
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";

const NAT = `
table ip nat {
	chain prerouting { type nat hook prerouting priority -100; ip daddr 10.97.0.1 tcp dport 80 dnat to 10.78.2.2:8080; }
	chain output {
		type nat hook output priority -100;
		ip daddr 10.97.0.1 tcp dport 80 dnat to 10.78.2.2:8080;
		ip daddr 10.97.0.2 tcp dport 80 redirect to :15001;
	}
}`;

const SERVER = `
const [port] = process.argv.slice(1);
require("node:http").createServer((request, response) => response.end("ok")).listen(port, () => console.log("ready"));`;

const ip = (line: string): string => execFileSync("ip", line.split(" "), { encoding: "utf8", stdio: "pipe" });

/** Removed when the scope is left, also of what could only be built in part. */
export class Cluster implements AsyncDisposable {
	readonly pod: string = `wsag-p-${process.pid}`;
	readonly node: string = `wsag-n-${process.pid}`;
	readonly server: string = `wsag-s-${process.pid}`;
	readonly #servers: ChildProcess[] = [];

	static async create(): Promise<Cluster> {
		const cluster = new Cluster();
		try {
			cluster.#build();
			await cluster.#serve(cluster.server, 8080);
			await cluster.#serve(cluster.node, 15_001);
			return cluster;
		} catch (error) {
			await cluster[Symbol.asyncDispose]();
			throw error;
		}
	}

	/** What runs a command in a namespace, and leaves its file systems as they are. */
	static into(name: string): readonly string[] {
		return ["nsenter", `--net=/run/netns/${name}`];
	}

	curl(from: string, url: string): void {
		const [command = "", ...args] = Cluster.into(from);
		execFileSync(command, [...args, "curl", "-sS", "-m", "10", "-o", "/dev/null", url], { stdio: "pipe" });
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const server of this.#servers) {
			if (server.exitCode === null && server.kill("SIGKILL")) await once(server, "exit");
		}
		for (const name of [this.pod, this.node, this.server]) {
			try {
				ip(`netns del ${name}`);
			} catch {
				// It was not built.
			}
		}
	}

	#build(): void {
		const { pod, node, server } = this;
		for (const name of [pod, node, server]) {
			ip(`netns add ${name}`);
			ip(`-n ${name} link set lo up`);
		}
		for (const [name, net] of [
			[pod, 1],
			[server, 2],
		] as const) {
			ip(`-n ${node} link add eth${net} type veth peer name eth0 netns ${name}`);
			ip(`-n ${node} addr add 10.78.${net}.1/24 dev eth${net}`);
			ip(`-n ${node} link set eth${net} up`);
			ip(`-n ${name} addr add 10.78.${net}.2/24 dev eth0`);
			ip(`-n ${name} link set eth0 up`);
			ip(`-n ${name} route add default via 10.78.${net}.1`);
		}
		ip(`-n ${node} route add 10.97.0.0/16 dev eth2`);
		const forward = ["netns", "exec", node, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"];
		execFileSync("ip", forward, { stdio: "pipe" });
		execFileSync("ip", ["netns", "exec", node, "nft", "-f", "-"], { input: NAT, stdio: "pipe" });
	}

	async #serve(namespace: string, port: number): Promise<void> {
		const [command = "", ...args] = Cluster.into(namespace);
		const env = { ...process.env, NODE_OPTIONS: "" };
		const server = spawn(command, [...args, process.execPath, "-e", SERVER, String(port)], {
			env,
			stdio: ["ignore", "pipe", "inherit"],
		});
		this.#servers.push(server);
		await once(server.stdout, "data");
	}
}

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A cgroup for processes of a test, named as a container runtime would; removed with the scope, when its processes have ended. */
export class TestCgroup implements AsyncDisposable {
	/** In the hierarchy, as /proc/PID/cgroup has it. */
	readonly path: string;
	readonly #mount: string;
	readonly #children: ChildProcess[] = [];

	constructor(path: string) {
		this.path = path;
		this.#mount = mkdtempSync(join(tmpdir(), "wirescribe-cgroup-"));
		execFileSync("mount", ["-t", "cgroup2", "none", this.#mount], { stdio: "pipe" });
		mkdirSync(join(this.#mount, path), { recursive: true });
	}

	/** Runs a program in it, as the child of a process that lives longer: as runc does, which joins the cgroup and then calls exec. */
	async run(command: string, args: readonly string[]): Promise<void> {
		const procs = join(this.#mount, this.path, "cgroup.procs");
		const first = '"$0" "$@"; echo "ended with $?"; sleep 60';
		const child = spawn("sh", ["-c", `echo $$ > ${procs} && exec sh -c "$0" "$@"`, first, command, ...args], {
			stdio: ["ignore", "pipe", "inherit"],
			env: { ...process.env, NODE_OPTIONS: "" },
		});
		this.#children.push(child);
		const [data] = (await once(child.stdout, "data")) as [Buffer];
		if (!data.toString().includes("ended with 0")) throw new Error(`${command} ${data}`);
	}

	/** The shells' last children are in it, too. */
	async #empty(): Promise<void> {
		const procs = join(this.#mount, this.path, "cgroup.procs");
		for (let pids = read(procs); pids.length > 0; pids = read(procs)) {
			for (const pid of pids) process.kill(pid, "SIGKILL");
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const child of this.#children) {
			if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await once(child, "exit");
		}
		await this.#empty();
		for (let path = this.path; path.length > 1; path = dirname(path)) {
			try {
				rmdirSync(join(this.#mount, path));
			} catch {
				// Somebody else's, too.
				break;
			}
		}
		execFileSync("umount", [this.#mount], { stdio: "pipe" });
		rmdirSync(this.#mount);
	}
}

function read(procs: string): number[] {
	return readFileSync(procs, "utf8").split("\n").filter(Boolean).map(Number);
}

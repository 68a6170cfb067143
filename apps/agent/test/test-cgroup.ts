import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
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

	/** Starts a program in it. */
	start(command: string, args: readonly string[]): ChildProcess {
		const procs = join(this.#mount, this.path, "cgroup.procs");
		const child = spawn("sh", ["-c", `echo $$ > ${procs} && exec "$0" "$@"`, command, ...args], {
			stdio: ["ignore", "pipe", "inherit"],
			env: { ...process.env, NODE_OPTIONS: "" },
		});
		this.#children.push(child);
		return child;
	}

	async run(command: string, args: readonly string[]): Promise<void> {
		const child = this.start(command, args);
		child.stdout?.resume();
		const [code] = await once(child, "exit");
		if (code !== 0) throw new Error(`${command} ended with ${code}`);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const child of this.#children) {
			if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await once(child, "exit");
		}
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

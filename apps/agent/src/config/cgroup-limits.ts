import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";

/** How much of a machine this process may use, and who says so. */
export interface Limits {
	/** Whole and parts of CPUs. */
	readonly cpus: number;
	readonly cpusFrom: string;
	readonly memoryBytes: number;
	readonly memoryFrom: string;
}

/** The machine, if it is not the one that this runs on. */
export interface Machine {
	/** What stands before /proc and /sys. */
	readonly root: string;
	readonly cpus: number;
	readonly memoryBytes: number;
}

interface Limit {
	readonly value: number;
	readonly from: string;
}

/** What the kernel says where there is no limit: the largest multiple of a page in 63 bits, or close to it. */
const UNLIMITED_BYTES = 2 ** 62;

/**
 * The strictest limit of this process's cgroup and those above it, version 2 or 1; where there is none, the machine: the CPUs
 * that the scheduler may put it on, the memory that there is.
 */
export function readLimits(machine?: Machine): Limits {
	const { root, cpus, memoryBytes } = machine ?? {
		root: "",
		cpus: availableParallelism(),
		memoryBytes: totalmem(),
	};
	const groups = read(`${root}/proc/self/cgroup`) ?? "";
	const cpuLimits: Limit[] = [{ value: cpus, from: "the machine's CPUs" }];
	const memoryLimits: Limit[] = [{ value: memoryBytes, from: "the machine's memory" }];
	for (const folder of foldersOf(`${root}/sys/fs/cgroup`, /^0::(.*)$/m.exec(groups)?.[1])) {
		const [quota, period] = (read(`${folder}/cpu.max`) ?? "").split(" ").map(Number);
		if (quota && period) cpuLimits.push({ value: quota / period, from: `${folder}/cpu.max` });
		addBytes(memoryLimits, `${folder}/memory.max`);
	}
	for (const folder of foldersOf(`${root}/sys/fs/cgroup/cpu`, versionOne(groups, "cpu"))) {
		const quota = Number(read(`${folder}/cpu.cfs_quota_us`));
		const period = Number(read(`${folder}/cpu.cfs_period_us`));
		if (quota > 0 && period > 0) cpuLimits.push({ value: quota / period, from: `${folder}/cpu.cfs_quota_us` });
	}
	for (const folder of foldersOf(`${root}/sys/fs/cgroup/memory`, versionOne(groups, "memory"))) {
		addBytes(memoryLimits, `${folder}/memory.limit_in_bytes`);
	}
	const cpu = strictest(cpuLimits);
	const memory = strictest(memoryLimits);
	return { cpus: cpu.value, cpusFrom: cpu.from, memoryBytes: memory.value, memoryFrom: memory.from };
}

/** A cgroup's folder and those above it, as far up as they can be seen. */
function foldersOf(mount: string, path: string | undefined): string[] {
	if (path === undefined) return [];
	// A path that leads out of our namespace says nothing about what is mounted here.
	const parts = path.split("/").filter((part) => part !== "" && part !== "..");
	const folders = [mount];
	for (const part of parts) folders.push(`${folders.at(-1)}/${part}`);
	return folders.reverse();
}

/** Lines of version 1 name a hierarchy's controllers: `4:cpu,cpuacct:/docker/…`. */
function versionOne(groups: string, controller: string): string | undefined {
	for (const line of groups.split("\n")) {
		const [, controllers = "", path] = line.split(":");
		if (controllers.split(",").includes(controller)) return path;
	}
	return undefined;
}

function addBytes(limits: Limit[], file: string): void {
	const value = Number(read(file) ?? Number.NaN);
	if (value > 0 && value < UNLIMITED_BYTES) limits.push({ value, from: file });
}

function strictest(limits: readonly Limit[]): Limit {
	return limits.reduce((least, limit) => (limit.value < least.value ? limit : least));
}

function read(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8").trim();
	} catch {
		return undefined;
	}
}

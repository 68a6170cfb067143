import { readFileSync } from "node:fs";

/** What this process's cgroup allows; undefined: no limit. */
export interface CgroupLimits {
	readonly cpus: number | undefined;
	readonly memoryBytes: number | undefined;
}

/** The narrowest limits on the way from this process's cgroup (version 2) up to the root. */
export function cgroupLimits(): CgroupLimits {
	const path = /^0::(.*)$/m.exec(read("/proc/self/cgroup"))?.[1] ?? "/";
	const parts = path.split("/").filter((part) => part !== "" && part !== "..");
	const folders = parts.map((_, index) => `/sys/fs/cgroup/${parts.slice(0, index + 1).join("/")}`);
	const all = ["/sys/fs/cgroup", ...folders];
	return {
		cpus: narrowest(all.map((folder) => cpuLimit(read(`${folder}/cpu.max`)))),
		memoryBytes: narrowest(all.map((folder) => Number(read(`${folder}/memory.max`) || Number.NaN))),
	};
}

/** "max 100000" or "200000 100000": microseconds of CPU in each period of microseconds. */
function cpuLimit(text: string): number {
	const [quota, period] = text.trim().split(" ").map(Number);
	return quota && period ? quota / period : Number.NaN;
}

function narrowest(limits: readonly number[]): number | undefined {
	const finite = limits.filter((limit) => Number.isFinite(limit));
	return finite.length === 0 ? undefined : Math.min(...finite);
}

function read(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return "";
	}
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRun } from "../cli/config-options.ts";
import { type Limits, readLimits } from "./cgroup-limits.ts";
import { makeConfig } from "./config.ts";
import { explainTuning } from "./explain-tuning.ts";
import { tune } from "./tuning.ts";

const GB = 2 ** 30;

describe("limits", () => {
	let root: string;
	beforeEach(() => {
		root = mkdtempSync(join(tmpdir(), "wirescribe-cgroup-"));
	});
	afterEach(() => rmSync(root, { recursive: true, force: true }));

	function limits(files: Readonly<Record<string, string>>): Limits {
		for (const [name, text] of Object.entries(files)) {
			const file = join(root, name);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, `${text}\n`);
		}
		const found = readLimits({ root, cpus: 16, memoryBytes: 64 * GB });
		const from = (text: string): string => text.replace(root, "");
		return { ...found, cpusFrom: from(found.cpusFrom), memoryFrom: from(found.memoryFrom) };
	}

	it("are the machine's where there is no cgroup, or one without limits", () => {
		const machine = {
			cpus: 16,
			cpusFrom: "the machine's CPUs",
			memoryBytes: 64 * GB,
			memoryFrom: "the machine's memory",
		};
		expect(limits({})).toEqual(machine);
		expect(
			limits({
				"proc/self/cgroup": "0::/a",
				"sys/fs/cgroup/a/cpu.max": "max 100000",
				"sys/fs/cgroup/a/memory.max": "max",
			}),
		).toEqual(machine);
	});

	it("are the strictest of a cgroup and those above it", () => {
		expect(
			limits({
				"proc/self/cgroup": "0::/pod/container",
				"sys/fs/cgroup/pod/cpu.max": "150000 100000",
				"sys/fs/cgroup/pod/container/cpu.max": "400000 100000",
				"sys/fs/cgroup/pod/container/memory.max": String(GB),
				"sys/fs/cgroup/pod/memory.max": String(2 * GB),
			}),
		).toEqual({
			cpus: 1.5,
			cpusFrom: "/sys/fs/cgroup/pod/cpu.max",
			memoryBytes: GB,
			memoryFrom: "/sys/fs/cgroup/pod/container/memory.max",
		});
	});

	it("are read in a container that sees its own cgroup as the root", () => {
		const files = { "proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "50000 100000" };
		expect(limits(files)).toMatchObject({ cpus: 0.5, cpusFrom: "/sys/fs/cgroup/cpu.max" });
	});

	it("are read from version 1, where no limit is a very large one", () => {
		expect(
			limits({
				"proc/self/cgroup": "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n0::/",
				"sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us": "200000",
				"sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us": "100000",
				"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
				"sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
				"sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": String(512 << 20),
				"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
			}),
		).toEqual({
			cpus: 2,
			cpusFrom: "/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us",
			memoryBytes: 512 << 20,
			memoryFrom: "/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes",
		});
	});
});

describe("tuning", () => {
	const values = (cpus: number, memoryBytes: number): number[] => {
		const tuned = tune({ cpus, cpusFrom: "c", memoryBytes, memoryFrom: "m" });
		return [tuned.partitions, tuned.ringBytes, tuned.autoLanes, tuned.retainedBytes].map(({ value }) => value);
	};
	const MB = 2 ** 20;

	it("derives partitions, rings, lanes and the sender's memory", () => {
		expect(values(2, 24 * GB)).toEqual([1, 8 * MB, 2, 64 * MB]);
		expect(values(3.9, GB)).toEqual([1, 8 * MB, 3, 64 * MB]);
		expect(values(4, GB)).toEqual([2, 8 * MB, 4, 64 * MB]);
		expect(values(16, 64 * GB)).toEqual([8, 8 * MB, 8, 64 * MB]);
		expect(values(200, 512 * GB)).toEqual([64, 8 * MB, 8, 64 * MB]);
		// All rings in an eighth: 16 MB for 8 of them.
		expect(values(16, 128 * MB)).toEqual([8, 2 * MB, 1, 32 * MB]);
		expect(values(0.2, 8 * MB)).toEqual([1, MB, 1, 4 * MB]);
	});

	it("is explained, number by number, with who has set what", () => {
		const tuned = tune({ cpus: 2, cpusFrom: "/sys/fs/cgroup/cpu.max", memoryBytes: 256 * MB, memoryFrom: "m" });
		const flags = ["--ring-size", "1MB", "--backend", "h:1", "--lanes", "auto"];
		const rows = explainTuning(makeConfig(undefined, "", parseRun("run", flags), {}), tuned);
		expect(rows.map(({ name, value, reason }) => `${name} = ${value}: ${reason}`)).toEqual([
			"capture.partitions = 1: below 4 CPUs one, on the main thread: 2 CPUs (/sys/fs/cgroup/cpu.max)",
			"capture.ring_size = 1MB: set by --ring-size; else 8MB",
			"core.backend.lanes = 1: one for each whole CPU and each 256 MB, at most 8: 2 CPUs (/sys/fs/cgroup/cpu.max), 256 MB (m)",
			"memory for records that are not acknowledged = 64MB: at most a quarter of 256 MB (m)",
		]);
	});
});

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BpfMap } from "../../src/index.ts";
import { type Cases, call, openFixture, scoped, thrown } from "./subject.ts";

/** A BPF file system of its own, for as long as `use` runs. */
function withBpffs(use: (folder: string) => void): void {
	const folder = mkdtempSync(join(tmpdir(), "wirescribe-bpffs-"));
	try {
		execFileSync("mount", ["-t", "bpf", "bpf", folder]);
		try {
			use(folder);
		} finally {
			execFileSync("umount", [folder]);
		}
	} finally {
		rmdirSync(folder);
	}
}

/** Names in the BPF file system. */
export const pinCases: Cases = {
	"pins a map, and takes it from there": () =>
		withBpffs((folder) => {
			const path = join(folder, "ports");
			const map = BpfMap.create({ type: "hash", name: "ports", keySize: 4, valueSize: 8, maxEntries: 8 });
			map.set(443, 1);
			map.pin(path);
			map.close();
			const again = BpfMap.fromPinned(path);
			assert.deepEqual([again.name, again.getNumber(443)], ["ports", 1]);
			assert.equal(thrown("ERR_BPF_PIN", () => again.pin(path)).errno, "EEXIST");
			again.close();
			unlinkSync(path);
			const gone = thrown("ERR_BPF_PIN", () => BpfMap.fromPinned(path));
			assert.match(gone.message, /Cannot open what is pinned at .*ports: ENOENT/);
		}),

	"pins a program": () =>
		withBpffs((folder) =>
			scoped((keep) => {
				const object = keep(openFixture()).load();
				object.program("on_raw").pin(join(folder, "on_raw"));
				thrown("ERR_BPF_PIN", () => object.program("on_raw").pin("/nowhere/on_raw"));
			}),
		),

	"a pinned link stays attached until its file is removed": () =>
		withBpffs((folder) =>
			scoped((keep) => {
				const object = keep(openFixture()).load();
				const path = join(folder, "on_raw");
				const link = object.program("on_raw").attachRawTracepoint("sys_enter");
				link.pin(path);
				link.close();
				const seen = object.globalNumber("raw_seen");
				call(1);
				assert.ok(object.globalNumber("raw_seen") > seen);
				unlinkSync(path);
				thrown("ERR_BPF_CLOSED", () => link.pin(path));
			}),
		),

	"says where pins live": () =>
		scoped((keep) => {
			const map = keep(BpfMap.create({ type: "array", keySize: 4, valueSize: 4, maxEntries: 1 }));
			const error = thrown("ERR_BPF_PIN", () => map.pin(join(tmpdir(), "wirescribe-no-bpffs")));
			assert.match(error.message, /pins live in a BPF file system: mount -t bpf bpf \/sys\/fs\/bpf/);
		}),
};

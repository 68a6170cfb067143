import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { supportsMap, supportsProgram } from "../../src/index.ts";
import { type Cases, call, openFixture, openKinds, scoped, thrown } from "./subject.ts";

/** Where control groups of the second version are. */
function cgroups(): string {
	const line = readFileSync("/proc/mounts", "utf8")
		.split("\n")
		.find((text) => text.split(" ")[2] === "cgroup2");
	assert.ok(line !== undefined, "no cgroup2 is mounted");
	return line.split(" ")[1] as string;
}

const XDP = 6;
const KPROBE_DEVICE = "/sys/bus/event_source/devices/kprobe";

/** Running programs by hand, and the kinds of attachment beyond tracepoints and probes on user space. */
export const programCases: Cases = {
	"runs a program on a packet": () =>
		scoped((keep) => {
			const program = keep(openKinds()).program("on_packet");
			assert.deepEqual(program.run({ data: new Uint8Array(32) }).returned, 1);
			const passed = program.run({ data: new Uint8Array(100), repeat: 1000 });
			assert.deepEqual([passed.returned, passed.data.length, passed.data[63]], [2, 100, 7]);
			assert.ok(passed.nanoseconds < 1e6);
		}),

	"runs a program on a context": () =>
		scoped((keep) => {
			const object = keep(openFixture()).load();
			assert.equal(object.program("on_raw").run({ context: new Uint8Array(16) }).returned, 0);
			assert.equal(object.globalNumber("raw_seen"), 1);
		}),

	"says that a program cannot be run": () =>
		scoped((keep) => {
			const object = keep(openFixture());
			assert.match(thrown("ERR_BPF_PROGRAM", () => object.program("on_raw").run()).message, /it is not loaded/);
			object.load();
			thrown("ERR_BPF_PROGRAM", () => object.program("on_getpgid").run());
			const packets = keep(openKinds()).program("on_packet");
			const short = thrown("ERR_BPF_PROGRAM", () => packets.run({ data: new Uint8Array(3) }));
			assert.match(short.message, /Cannot run the program on_packet: EINVAL.*its type wants other input/);
		}),

	"attaches to a network interface": () =>
		scoped((keep) => {
			const name = `ws${process.pid}`;
			execFileSync("ip", ["link", "add", name, "type", "veth", "peer", "name", `${name}p`]);
			try {
				const index = Number(readFileSync(`/sys/class/net/${name}/ifindex`, "latin1"));
				const link = keep(keep(openKinds()).program("on_packet").attachXdp(index));
				assert.equal(link.target, `XDP of interface ${index}`);
				assert.match(execFileSync("ip", ["link", "show", name], { encoding: "utf8" }), /prog\/xdp id/);
				link.close();
				assert.doesNotMatch(execFileSync("ip", ["link", "show", name], { encoding: "utf8" }), /xdp/);
			} finally {
				execFileSync("ip", ["link", "delete", name]);
			}
			const program = keep(openKinds()).program("on_packet");
			assert.match(thrown("ERR_BPF_ATTACH", () => program.attachXdp(999_999)).message, /the network interface 999999/);
		}),

	"attaches to a control group": () =>
		scoped((keep) => {
			const folder = join(cgroups(), `wirescribe-${process.pid}`);
			mkdirSync(folder);
			try {
				const makeSocket = `echo $$ > ${folder}/cgroup.procs && exec python3 -c 'import socket; socket.socket()'`;
				const status = (): number | null => spawnSync("sh", ["-c", makeSocket], { stdio: "ignore" }).status;
				assert.equal(status(), 0);
				const program = keep(openKinds()).program("no_sockets");
				const link = keep(program.attachCgroup(folder));
				assert.equal(status(), 1);
				link.close();
				assert.equal(status(), 0);
				const error = thrown("ERR_BPF_ATTACH", () => program.attachCgroup("/nowhere"));
				assert.match(error.message, /the program no_sockets to the cgroup \/nowhere: ENOENT/);
			} finally {
				rmdirSync(folder);
			}
		}),

	"attaches to a function of the kernel, where this kernel lets anybody": () =>
		scoped((keep) => {
			const object = keep(openKinds());
			const symbol = process.arch === "arm64" ? "__arm64_sys_getpgid" : "__x64_sys_getpgid";
			if (!existsSync(KPROBE_DEVICE)) {
				const error = thrown("ERR_BPF_ATTACH", () => object.program("on_kernel_function").attachKprobe({ symbol }));
				assert.match(error.message, /the entry of __\w+_sys_getpgid\+0x0/);
				return;
			}
			const link = keep(object.program("on_kernel_function").attachKprobe({ symbol }));
			call(1);
			assert.equal(link.target, `kprobe ${symbol}+0`);
			assert.equal(object.globalNumber("kernel_calls"), 1);
		}),

	"reads what an iterator writes": () =>
		scoped((keep) => {
			const link = keep(keep(openKinds()).program("list_processes").attach());
			const output = link.read();
			const pids = new Int32Array(output.slice().buffer);
			assert.ok(pids.includes(process.pid) && pids.includes(process.ppid));
			const other = keep(keep(openFixture()).load().program("on_raw").attachRawTracepoint("sys_enter"));
			assert.match(thrown("ERR_BPF_PROGRAM", () => other.read()).message, /the link is of another kind/);
		}),

	"knows which types the kernel has": () => {
		assert.deepEqual([supportsProgram(XDP), supportsMap("ringbuf"), supportsMap(1)], [true, true, true]);
		// One that this libbpf has never heard of: no answer is better than a wrong one.
		assert.equal(thrown("ERR_BPF_PROGRAM", () => supportsMap(1000)).errno, "EOPNOTSUPP");
	},
};

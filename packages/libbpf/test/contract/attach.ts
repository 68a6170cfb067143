import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { cString, dlopen } from "@wirescribe/ffi";
import { BpfMap, Link } from "../../src/index.ts";
import { type Cases, call, openFixture, scoped, thrown } from "./subject.ts";

/** The file libc was loaded from. */
function libcPath(): string {
	const line = readFileSync("/proc/self/maps", "utf8")
		.split("\n")
		.find((text) => /\/libc\.so\.6$/.test(text));
	assert.ok(line !== undefined, "this process has no libc.so.6");
	return line.slice(line.indexOf("/"));
}

/** Where libc has a function, in bytes from the start of its file. */
function functionOffset(name: string): number {
	const libc = dlopen("libc.so.6", { dlsym: { args: ["pointer", "buffer"], returns: "pointer" } });
	const address = libc.symbols.dlsym(null, cString(name));
	libc.close();
	for (const line of readFileSync("/proc/self/maps", "utf8").split("\n")) {
		const [, start = "0", end = "0", from = "0"] = /^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+)/.exec(line) ?? [];
		const first = BigInt(`0x${start}`);
		if (address >= first && address < BigInt(`0x${end}`)) return Number(address - first + BigInt(`0x${from}`));
	}
	return assert.fail(`this process has no ${name}`);
}

/** Attaching and detaching. */
export const attachCases: Cases = {
	"attaches to a tracepoint, and detaches": () =>
		scoped((keep) => {
			const object = keep(openFixture()).load();
			const link = keep(object.program("on_getpgid").attachTracepoint("syscalls", "sys_enter_getpgid"));
			assert.equal(link.target, "tracepoint syscalls:sys_enter_getpgid");
			call(1);
			link.close();
			link.close();
			call(1);
			assert.equal(object.globalNumber("sequence"), 1);
		}),

	"gives a link away, to be closed by whoever adopts it": () =>
		scoped((keep) => {
			const object = keep(openFixture()).load();
			const link = keep(object.program("on_getpgid").attachTracepoint("syscalls", "sys_enter_getpgid"));
			const handle = link.release();
			link.close();
			call(1);
			assert.equal(object.globalNumber("sequence"), 1);
			const adopted = keep(Link.adopt(handle, link.target));
			adopted.close();
			call(1);
			assert.equal(object.globalNumber("sequence"), 1);
			assert.equal(adopted.release(), 0);
		}),

	"attaches where the section says": () =>
		scoped((keep) => {
			const object = keep(openFixture()).load();
			keep(object.program("on_getpgid").attach());
			call(1);
			assert.equal(object.globalNumber("sequence"), 1);
		}),

	"attaches to a raw tracepoint": () =>
		scoped((keep) => {
			const object = keep(openFixture()).load();
			keep(object.program("on_raw").attachRawTracepoint("sys_enter"));
			for (let i = 0; i < 10; i++) call(1);
			assert.ok(object.globalNumber("raw_seen") >= 10);
		}),

	"attaches to the entry and the return of a function": () =>
		scoped((keep) => {
			const object = keep(openFixture()).load();
			const place = { path: libcPath(), symbol: "getpgid" };
			const enter = keep(object.program("on_enter").attachUprobe({ ...place, pid: process.pid }));
			const leave = keep(object.program("on_return").attachUprobe({ ...place, atReturn: true }));
			for (let i = 0; i < 5; i++) call(1);
			assert.deepEqual([object.globalNumber("entered"), object.globalNumber("returned")], [5, 5]);
			enter.close();
			leave.close();
			call(1);
			assert.deepEqual([object.globalNumber("entered"), object.globalNumber("returned")], [5, 5]);
		}),

	"attaches to many places of a file by one link": () =>
		scoped((keep) => {
			const object = keep(openFixture());
			const [enter, leave] = [object.program("on_enter"), object.program("on_return")];
			enter.prepareUprobes();
			leave.prepareUprobes();
			object.load();
			assert.throws(() => enter.prepareUprobes(), { code: "ERR_BPF_CONFIG" });
			// One that is called, and one that nobody calls meanwhile.
			const offsets = [functionOffset("getpgid"), functionOffset("getsid")];
			const target = { path: libcPath(), places: offsets.map((offset, cookie) => ({ offset, cookie })) };
			const links = [
				keep(enter.attachUprobes({ ...target, pid: process.pid })),
				keep(leave.attachUprobes({ ...target, atReturn: true })),
			];
			for (let i = 0; i < 5; i++) call(1);
			assert.deepEqual([object.globalNumber("entered"), object.globalNumber("returned")], [5, 5]);
			for (const link of links) link.close();
			call(1);
			assert.deepEqual([object.globalNumber("entered"), object.globalNumber("returned")], [5, 5]);
			thrown("ERR_BPF_ATTACH", () => enter.attachUprobes({ ...target, path: "/nonexistent" }));
			thrown("ERR_BPF_ATTACH", () => enter.attachUprobe({ path: target.path, offset: offsets[0] as number }));
		}),

	"keeps a link when its object is closed": () =>
		scoped((keep) => {
			const object = openFixture().load();
			const counts = keep(BpfMap.fromFd(object.map("counts").fd));
			keep(object.program("on_getpgid").attachTracepoint("syscalls", "sys_enter_getpgid"));
			object.close();
			call(1);
			assert.equal(counts.getNumber(process.pid), 1);
		}),

	"says which place is missing": () =>
		scoped((keep) => {
			const object = keep(openFixture()).load();
			const tracepoint = thrown("ERR_BPF_ATTACH", () =>
				object.program("on_getpgid").attachTracepoint("syscalls", "nosuch"),
			);
			assert.equal(tracepoint.errno, "ENOENT");
			assert.match(tracepoint.message, /on_getpgid to the tracepoint syscalls:nosuch.*check the name/);
			const raw = thrown("ERR_BPF_ATTACH", () => object.program("on_raw").attachRawTracepoint("nosuch"));
			assert.match(raw.message, /the raw tracepoint nosuch/);
			const symbol = { path: libcPath(), symbol: "nosuch_function" };
			const probe = thrown("ERR_BPF_ATTACH", () => object.program("on_enter").attachUprobe(symbol));
			assert.match(probe.message, /the entry of nosuch_function\+0x0 in .*libc\.so\.6/);
			thrown("ERR_BPF_ATTACH", () => object.program("on_enter").attachUprobe({ path: "/nonexistent", offset: 8 }));
		}),

	"wants an object to be loaded first": () =>
		scoped((keep) => {
			const error = thrown("ERR_BPF_ATTACH", () => keep(openFixture()).program("on_getpgid").attach());
			assert.match(error.message, /attach the program on_getpgid: load its object first/);
		}),
};

import assert from "node:assert/strict";
import { BpfObject, enableStats, kernelFeatures, mountTracefs, possibleCpus, tracefsPath } from "../../src/index.ts";
import { type Cases, call, fixturePath, observed, openFixture, scoped, thrown } from "./subject.ts";

/** Objects, globals, programs, what the machine offers. */
export const objectCases: Cases = {
	"opens from bytes and from a file, and says what is inside": () =>
		scoped((keep) => {
			for (const object of [keep(openFixture()), keep(BpfObject.open(fixturePath))]) {
				const programs = [...object.programs.values()].map(({ name, section, autoload }) => [name, section, autoload]);
				assert.deepEqual(programs, [
					["on_getpgid", "tracepoint/syscalls/sys_enter_getpgid", true],
					["on_enter", "uprobe", true],
					["on_return", "uretprobe", true],
					["on_raw", "raw_tracepoint/sys_enter", true],
					["rejected", "tracepoint/syscalls/sys_enter_getpgid", false],
					["labelled", "tracepoint/syscalls/sys_enter_getpgid", false],
				]);
				const { type, keySize, valueSize, maxEntries } = object.map("counts");
				assert.deepEqual([type, keySize, valueSize, maxEntries], [1, 4, 8, 64]);
				assert.equal(object.program("on_getpgid").fd, -1);
				assert.ok(object.program("on_getpgid").instructions > 20);
			}
		}),

	"sets globals before load, and shares them with the kernel afterwards": () =>
		scoped((keep) => {
			const object = keep(openFixture());
			assert.equal(object.globalNumber("target_tgid"), process.pid);
			assert.equal(object.globalNumber("ring_flags"), 1);
			object.setGlobal("sequence", 7_000_000_000n);
			object.setGlobal("label", new TextEncoder().encode("one two "));
			object.load();
			keep(object.program("on_getpgid").attachTracepoint("syscalls", "sys_enter_getpgid"));
			call(1);
			assert.equal(object.globalNumber("sequence"), 7_000_000_001);
			object.setGlobal("sequence", 100);
			call(1);
			assert.equal(object.globalNumber("sequence"), 101);
			assert.equal(new TextDecoder().decode(object.global("label")), "one two ");
			const late = thrown("ERR_BPF_CONFIG", () => object.setGlobal("target_tgid", 1));
			assert.equal(late.errno, "EROFS");
			assert.match(late.message, /target_tgid.*const.*loaded.*set it before load\(\)/);
		}),

	"refuses globals that do not exist or do not fit": () =>
		scoped((keep) => {
			const object = keep(openFixture());
			assert.match(thrown("ERR_BPF_NOT_FOUND", () => object.global("nosuch")).message, /global variable nosuch/);
			assert.throws(() => object.setGlobal("target_tgid", 2 ** 32), RangeError);
			assert.throws(() => object.setGlobal("label", new Uint8Array(3)), RangeError);
		}),

	"configures maps before load, not afterwards": () =>
		scoped((keep) => {
			const object = keep(openFixture());
			object.map("events").maxEntries = 4096;
			object.map("inners").setAutocreate(false);
			assert.equal(thrown("ERR_BPF_MAP", () => object.map("events").fd).code, "ERR_BPF_MAP");
			object.load();
			assert.ok(object.map("events").fd >= 0);
			const late = thrown("ERR_BPF_CONFIG", () => {
				object.map("events").maxEntries = 8192;
			});
			assert.match(late.message, /change the map events: its object is loaded.*set it before load/);
			assert.equal(object.map("events").maxEntries, 4096);
			const autoload = thrown("ERR_BPF_CONFIG", () => {
				object.program("on_raw").autoload = false;
			});
			assert.match(autoload.message, /on_raw/);
		}),

	"loads only the programs asked for": () =>
		scoped((keep) => {
			const object = keep(openFixture());
			object.program("on_raw").autoload = false;
			object.load();
			assert.ok(object.program("on_getpgid").fd >= 0);
			assert.equal(object.program("on_raw").fd, -1);
			assert.match(thrown("ERR_BPF_ATTACH", () => object.program("on_raw").attach()).message, /on_raw/);
		}),

	"says of bytes that they are no BPF object": () => {
		const noise = thrown("ERR_BPF_OPEN", () => BpfObject.open(new Uint8Array(100), { name: "noise" }));
		assert.match(
			noise.message,
			/^Cannot open the BPF object noise from 100 bytes.*not a proper ELF object.*clang -target bpf/,
		);
		assert.equal(noise.errno, "LIBBPF_FORMAT");
		thrown("ERR_BPF_OPEN", () => BpfObject.open(new Uint8Array(0)));
		const missing = thrown("ERR_BPF_OPEN", () => BpfObject.open("/nonexistent/x.bpf.o"));
		assert.equal(missing.errno, "ENOENT");
	},

	"hands over the verifier's words": () =>
		scoped((keep) => {
			const object = keep(openFixture());
			object.program("rejected").autoload = true;
			const error = thrown("ERR_BPF_VERIFIER", () => object.load());
			assert.equal(error.errno, "EACCES");
			assert.match(error.log, /prog 'rejected': -- BEGIN PROG LOAD LOG --/);
			assert.match(error.message, /R1 invalid mem access 'scalar'/);
		}),

	"names what there is when asked for what there is not": () =>
		scoped((keep) => {
			const object = keep(openFixture());
			assert.match(thrown("ERR_BPF_NOT_FOUND", () => object.map("nosuch")).message, /it has counts, scratch, events/);
			assert.match(thrown("ERR_BPF_NOT_FOUND", () => object.program("nosuch")).message, /it has on_getpgid, on_enter/);
		}),

	"refuses use after close": () => {
		const object = openFixture();
		const counts = object.map("counts");
		const program = object.program("on_getpgid");
		object.load();
		object.close();
		object.close();
		for (const use of [
			() => object.load(),
			() => object.globalNumber("sequence"),
			() => counts.get(1),
			() => program.attachTracepoint("syscalls", "sys_enter_getpgid"),
		]) {
			thrown("ERR_BPF_CLOSED", use);
		}
	},

	"gives the kernel's figures of a program": () =>
		scoped((keep) => {
			const { object } = observed(keep);
			keep(enableStats());
			const before = object.program("on_getpgid").info();
			for (let i = 0; i < 10; i++) call(i);
			const after = object.program("on_getpgid").info();
			assert.ok(after.runCount - before.runCount >= 10);
			assert.ok(after.runTimeNs > before.runTimeNs);
			assert.equal(after.missed, 0);
			assert.ok(after.id > 0 && after.instructions > 20 && after.verifiedInstructions > 20);
			assert.equal(after.type, 5);
		}),

	"finds out what the kernel offers": () => {
		const features = kernelFeatures();
		assert.deepEqual(
			{ ...features, release: "", version: [] },
			{
				release: "",
				version: [],
				btf: "yes",
				bpf: "yes",
				ringBuffers: "yes",
				perfBuffers: "yes",
				tracepointPrograms: "yes",
				uprobePrograms: "yes",
			},
		);
		assert.ok(features.version[0] >= 5);
		assert.ok(possibleCpus() >= 1);
		assert.equal(mountTracefs(), tracefsPath());
	},
};

/** The check that the programs only look, and that it would notice if they did not. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { inspect } from "../tools/passive.ts";

const object = (path: string): Uint8Array => readFileSync(new URL(path, import.meta.url));

describe("the prebuilt programs", () => {
	test.each(["x64/capture", "x64/capture-direct", "arm64/capture", "arm64/capture-direct"])(
		"%s change nothing",
		(name) => {
			const { programs, instructions, helpers, violations } = inspect(object(`../prebuilt/${name}.bpf.o`));
			expect(violations).toEqual([]);
			// A proof over nothing is none.
			expect(programs).toBeGreaterThan(30);
			expect(instructions).toBeGreaterThan(5000);
			expect(helpers.get("ringbuf_output")).toBeGreaterThan(0);
		},
	);
});

describe("an object that meddles", () => {
	const meddler = object("fixtures/meddler.bpf.o");

	test("is found out in every way it does", () => {
		const { violations } = inspect(meddler);
		expect(violations.map((line) => line.replace(/\+\d+/, "")).sort()).toEqual([
			".text: the helper 36 probe_write_user",
			"kprobe/tcp_sendmsg: a hook that is not allowed",
			"kprobe/tcp_sendmsg: the helper 58 override_return",
			"raw_tp/tcp_destroy_sock: the kernel function bpf_sock_destroy",
			"tc: a hook that is not allowed",
			"tc: the helper 9 skb_store_bytes",
			"tp/syscalls/sys_enter_read: the helper 109 send_signal",
			"tp/syscalls/sys_enter_read: the helper 117 send_signal_thread",
		]);
	});

	test("is not believed when a call hides its number in a register, or names a function of the kernel by id", () => {
		const clean = new Uint8Array(object("../prebuilt/x64/capture.bpf.o"));
		// The first helper call of the file (a call of map_lookup_elem), rewritten.
		const at = Buffer.from(clean).indexOf(Buffer.from([0x85, 0, 0, 0, 1, 0, 0, 0]));
		for (const [first, second, message] of [
			[0x8d, 0x00, "an indirect call"],
			[0x86, 0x00, "an indirect call"],
			[0x85, 0x20, "the kernel function of BTF id 1"],
			[0x85, 0x30, "a call of unknown kind 3"],
		] as const) {
			const changed = new Uint8Array(clean);
			changed.set([first, second], at);
			const { violations } = inspect(changed);
			expect(violations).toHaveLength(1);
			expect(violations[0]).toContain(message);
		}
	});

	test("never passes for a clean one when it is cut or damaged", () => {
		for (let length = 0; length < meddler.length; length += 37) {
			expect(() => inspect(meddler.subarray(0, length))).toThrow(/^not /);
		}
		for (let at = 0; at < 64; at++) {
			const damaged = new Uint8Array(meddler);
			damaged[at] = (damaged[at] ?? 0) ^ 0xff;
			let violations: readonly string[] = ["refused"];
			try {
				({ violations } = inspect(damaged));
			} catch (error) {
				expect(error).toBeInstanceOf(Error);
			}
			expect(violations.length).toBeGreaterThan(0);
		}
	});
});

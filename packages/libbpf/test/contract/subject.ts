/** What the cases observe: this process calling getpgid(n), and the fixture that turns each call into records of 16 + n bytes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dlopen } from "@wirescribe/ffi";
import { BpfError, type BpfErrorCode, BpfObject, frames, RingBuffer } from "../../src/index.ts";

const libc = dlopen("libc.so.6", {
	getpgid: { args: ["i32"], returns: "i32" },
	sched_getaffinity: { args: ["i32", "u64", "buffer"], returns: "i32" },
	sched_setaffinity: { args: ["i32", "u64", "buffer"], returns: "i32" },
});

/** Calls getpgid(value): one event. */
export function call(value: number): void {
	libc.symbols.getpgid(value);
}

/** Moves this thread to one CPU; the result lets it go where it was allowed before. */
export function pin(cpu: number): () => void {
	const before = new Uint8Array(1024);
	assert.equal(libc.symbols.sched_getaffinity(0, before.length, before), 0);
	const only = new Uint8Array(1024);
	only[cpu >> 3] = 1 << (cpu & 7);
	assert.equal(libc.symbols.sched_setaffinity(0, only.length, only), 0);
	return () => assert.equal(libc.symbols.sched_setaffinity(0, before.length, before), 0);
}

export const fixturePath: string = new URL("../fixtures/probe.bpf.o", import.meta.url).pathname;

/** The fixture, opened and aimed at this process, not loaded. */
export function openFixture(): BpfObject {
	const object = BpfObject.open(readFileSync(fixturePath), { name: "probe" });
	object.setGlobal("target_tgid", process.pid);
	return object;
}

/** The fixture with programs of further kinds, loaded. */
export function openKinds(): BpfObject {
	const path = new URL("../fixtures/kinds.bpf.o", import.meta.url).pathname;
	const object = BpfObject.open(readFileSync(path), { name: "kinds" });
	object.setGlobal("target_tgid", process.pid);
	return object.load();
}

/** Runs `use` and closes everything it deferred, last first, also when it fails. */
export async function scoped(
	use: (keep: <T extends Disposable>(resource: T) => T) => void | Promise<void>,
): Promise<void> {
	const kept: Disposable[] = [];
	try {
		await use((resource) => {
			kept.push(resource);
			return resource;
		});
	} finally {
		for (const resource of kept.reverse()) resource[Symbol.dispose]();
	}
}

/** One record of the fixture. */
export interface Event {
	readonly source: number;
	readonly length: number;
	readonly value: number;
	readonly sequence: number;
	readonly fill: number;
}

/** Reads a batch as the fixture's records. */
export function eventsOf(batch: Uint8Array, length: number): Event[] {
	return [...frames(batch, length)].map(({ source, bytes }) => {
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		return {
			source,
			length: bytes.byteLength,
			value: view.getUint32(4, true),
			sequence: Number(view.getBigUint64(8, true)),
			fill: bytes.byteLength > 16 ? bytes[16]! : 0,
		};
	});
}

/** Drains until the ring is empty. */
export function drainAll(ring: { drain(into: Uint8Array): number }, into: Uint8Array): Event[] {
	const all: Event[] = [];
	for (;;) {
		const length = ring.drain(into);
		if (length === 0) return all;
		all.push(...eventsOf(into, length));
	}
}

/** A loaded fixture with its tracepoint attached and its ring open. */
export function observed(keep: <T extends Disposable>(resource: T) => T): { object: BpfObject; ring: RingBuffer } {
	const object = keep(openFixture()).load();
	keep(object.program("on_getpgid").attachTracepoint("syscalls", "sys_enter_getpgid"));
	return { object, ring: keep(new RingBuffer(object.map("events"))) };
}

/** Asserts that an action throws a BpfError of this code, and hands it over. */
export function thrown(code: BpfErrorCode, action: () => unknown): BpfError {
	try {
		action();
	} catch (error) {
		assert.ok(error instanceof BpfError, `not a BpfError: ${String(error)}`);
		assert.equal(error.code, code, error.message);
		return error;
	}
	throw new assert.AssertionError({ message: `nothing was thrown, expected ${code}` });
}

/** A case of the contract. */
export type Cases = Readonly<Record<string, () => void | Promise<void>>>;

/** Partitions for the contract: the same module is loaded inline and by workers. */
import process from "node:process";
import type { Partition, PartitionSetup } from "@wirescribe/event-queue";

/** What the contract sends: a plain event, or bytes of two u32: key and number. */
export type TestEvent = { readonly key: number; readonly n: number } | Uint8Array;

export interface TestData {
	readonly source?: number;
	readonly failToStart?: boolean;
	readonly started?: number;
	readonly neverClose?: boolean;
}

/** What a partition says about itself when asked `state`. */
export interface TestState {
	readonly index: number;
	readonly events: [key: number, n: number][];
	readonly pulled: number;
	readonly waits: number;
	readonly ticks: number;
	readonly data: TestData;
}

class Recorder implements Partition<TestEvent> {
	readonly setup: PartitionSetup<TestData>;
	readonly events: [number, number][] = [];
	left: number;
	pulled = 0;
	waits = 0;
	ticks = 0;

	constructor(setup: PartitionSetup<TestData>) {
		this.setup = setup;
		this.left = setup.data.source ?? 0;
	}

	pull(): number {
		const taken = Math.min(this.left, 100);
		this.left -= taken;
		this.pulled += taken;
		return taken;
	}

	wait(timeoutMs: number): void {
		this.waits++;
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, timeoutMs);
	}

	consume(events: readonly TestEvent[]): void {
		for (const event of events) {
			const [key, n] = event instanceof Uint8Array ? readPair(event) : [event.key, event.n];
			if (n === -1) throw new RangeError("poisoned event");
			this.events.push([key, n]);
		}
	}

	tick(): void {
		this.ticks++;
	}

	ask(question: unknown): unknown {
		if (question === "exit") process.exit(0);
		if (question === "throw later") {
			setTimeout(() => {
				throw new Error("thrown in a timer");
			}, 1);
			return undefined;
		}
		if (question === "never") return new Promise(() => {});
		if (question === "throw") throw Object.assign(new TypeError("no such question"), { code: "ERR_TEST" });
		if (question === "emit") {
			this.setup.emit(Uint8Array.of(this.setup.index, 7, 7).buffer);
			return "emitted";
		}
		const { events, pulled, waits, ticks, setup } = this;
		return { index: setup.index, events, pulled, waits, ticks, data: setup.data } satisfies TestState;
	}

	async close(): Promise<void> {
		if (this.setup.data.neverClose) await new Promise(() => {});
		this.setup.emit(Uint8Array.of(this.setup.index, 0, this.events.length & 255).buffer);
	}
}

function readPair(bytes: Uint8Array): [number, number] {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	return [view.getUint32(0, true), view.getUint32(4, true)];
}

export function createPartition(setup: PartitionSetup<TestData>): Partition<TestEvent> {
	if (setup.data.failToStart) throw Object.assign(new Error("no source here"), { code: "ERR_NO_SOURCE" });
	return new Recorder(setup);
}

import { readdirSync, readFileSync, statSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { entriesOf, objectsOf } from "../../packages/bpf-programs/test/kernel-objects.ts";

/** What the agent holds at one moment. */
export interface Sample {
	/** Since the soak began. */
	readonly seconds: number;
	readonly rssMiB: number;
	/** What a full collection left of the heap: between two of them it grows with the traffic. */
	readonly heapMiB: number;
	/** Buffers outside of the heap: records that are retained, and slabs that are kept for the next ones. */
	readonly externalMiB: number;
	/** Open descriptors, programs, maps and links of the kernel among them. */
	readonly fds: number;
	readonly threads: number;
	readonly timers: number;
	/** Entries of the kernel maps that grow and shrink with the traffic, by name. */
	readonly maps: ReadonlyMap<string, number>;
	/** Requests that were logged. */
	readonly logged: number;
	/** Records that wait for an acknowledgement. */
	readonly retained: number;
}

/** What is read of the agent's own state. */
interface State {
	readonly process: {
		readonly memory: {
			readonly rss: number;
			readonly liveHeap?: number;
			readonly heapUsed: number;
			readonly external: number;
		};
		readonly resources: Readonly<Record<string, number>>;
	};
	readonly ledger: {
		readonly messages: { readonly logged: number };
		readonly records: { readonly retained: number };
	};
}

const STATE_TIMEOUT_MS = 30_000;

/** Asks the agent for its state (SIGUSR2), and the kernel for what the agent holds. */
export async function takeSample(pid: number, stateFile: string, seconds: number): Promise<Sample> {
	const state = await askState(pid, stateFile);
	const { memory, resources } = state.process;
	return {
		seconds,
		rssMiB: memory.rss / 2 ** 20,
		heapMiB: (memory.liveHeap ?? memory.heapUsed) / 2 ** 20,
		externalMiB: memory.external / 2 ** 20,
		fds: readdirSync(`/proc/${pid}/fd`).length,
		threads: readdirSync(`/proc/${pid}/task`).length,
		timers: resources["Timeout"] ?? 0,
		maps: entriesOf(objectsOf(pid)),
		logged: state.ledger.messages.logged,
		retained: state.ledger.records.retained,
	};
}

async function askState(pid: number, file: string): Promise<State> {
	const before = writtenMs(file);
	process.kill(pid, "SIGUSR2");
	for (const end = performance.now() + STATE_TIMEOUT_MS; performance.now() < end; await sleep(50)) {
		if (writtenMs(file) === before) continue;
		try {
			return JSON.parse(readFileSync(file, "utf8")) as State;
		} catch {
			// Half written.
		}
	}
	throw new Error(`Cannot sample: the agent has not written its state to ${file} within ${STATE_TIMEOUT_MS / 1000} s`);
}

function writtenMs(file: string): number {
	return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

export const HEADER: string =
	"  time      rss live heap external   fds  threads  timers     logged  retained  map entries (those that are not empty)";

/** A line of the table. */
export function rowOf(sample: Sample): string {
	const { seconds, rssMiB, heapMiB, externalMiB, fds, threads, timers, logged, retained } = sample;
	const time = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
	const maps = [...sample.maps].filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
	const columns = [
		...[time.padStart(6), ...[rssMiB, heapMiB, externalMiB].map((size) => `${size.toFixed(1)}M`.padStart(8))],
		...[String(fds).padStart(5), String(threads).padStart(8), String(timers).padStart(7)],
		...[String(logged).padStart(10), String(retained).padStart(9), ` ${maps.join(", ")}`],
	];
	return columns.join(" ");
}

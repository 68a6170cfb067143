import { BpfError } from "./errors.ts";
import { failure } from "./failure.ts";
import { native } from "./native.ts";

/** What a program is run on. Which of them it takes depends on its type: packets have data, raw tracepoints a context. */
export interface RunInput {
	/** A packet: at least 14 bytes. */
	readonly data?: Uint8Array;
	/** The program's argument, as its type lays it out. */
	readonly context?: Uint8Array;
	/** How often, for {@linkcode RunResult.nanoseconds}; default 1. */
	readonly repeat?: number;
}

/** What came of it. */
export interface RunResult {
	/** What the program returned: for XDP, `2` is XDP_PASS. */
	readonly returned: number;
	/** The time of one run, on average; 0 for types that are not measured. */
	readonly nanoseconds: number;
	/** The packet as the program left it; empty without data. */
	readonly data: Uint8Array;
	/** The context as the program left it; empty where the kernel does not give it back. */
	readonly context: Uint8Array;
}

/** Room for what a program puts in front of a packet, or behind it. */
const GROWTH = 4096;

/** @internal */
export function runProgram(fd: number, name: string, { data, context, repeat = 1 }: RunInput): RunResult {
	if (fd < 0)
		throw new BpfError("ERR_BPF_PROGRAM", `Cannot run the program ${name}: it is not loaded: call load() first`);
	const into = new Uint8Array(data ? data.byteLength + GROWTH : 0);
	const left = context?.slice() ?? new Uint8Array(0);
	const numbers = new BigUint64Array(4);
	const result = native().ws_program_run(
		fd,
		data ?? null,
		data?.byteLength ?? 0,
		data ? into : null,
		into.byteLength,
		context ? left : null,
		left.byteLength,
		// Types that are not packets take no number of runs.
		repeat === 1 ? 0 : repeat,
		new Uint8Array(numbers.buffer),
	);
	if (result < 0) {
		const todo = "its type wants other input, or cannot be run (ENOTSUPP)";
		throw failure("ERR_BPF_PROGRAM", result, `run the program ${name}`, todo);
	}
	const [returned = 0n, nanoseconds = 0n, dataBytes = 0n, contextBytes = 0n] = numbers;
	return {
		returned: Number(BigInt.asIntN(32, returned)),
		nanoseconds: Number(nanoseconds),
		data: into.subarray(0, Number(dataBytes)),
		context: left.subarray(0, Number(contextBytes)),
	};
}

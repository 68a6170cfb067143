import type { TlsLinks } from "./tls-attachments.ts";

/** Which connections are watched. Kinds of condition are joined by "and", the values of one kind by "or". */
export interface Selection {
	/** Processes, by pid as the machine's first namespace numbers them. An empty list: none yet, see {@linkcode Capture.watch}. */
	readonly pids?: readonly number[];
	/** Processes, by the name of their main thread (at most 15 bytes); or'ed with `pids`. */
	readonly comms?: readonly string[];
	/** Processes may be left out later, one by one: see {@linkcode Capture.reject}. */
	readonly reject?: boolean;
	/** Connections with one of these ports at either end. */
	readonly ports?: readonly number[];
	/** Connections this side of which is the client or the server. A role that is not known yet passes. */
	readonly role?: "client" | "server";
}

/** The two builds of the programs: by a call of the kernel for each read, or by loads the verifier trusts. */
export type Reads = "probed" | "direct";

/** Options of {@linkcode openCapture}. */
export interface CaptureOptions {
	/** "ring": one ring for each partition. "perf": one buffer for each CPU, merged by time when drained. Default "ring". */
	readonly queue?: "ring" | "perf";
	/** Rings, one for each partition; a socket's events are always in the same one. Default 1, at most 64. */
	readonly rings?: number;
	/** Bytes of each ring (or of each CPU's buffer): a power of two of at least one page. Default 8 MiB. */
	readonly ringBytes?: number;
	/** Wake a waiting reader once when a ring holds more. Default a quarter of the ring. */
	readonly wakeBytes?: number;
	/** Sockets remembered at a time; more are counted as `lost_map_full`. Default 65,536 (about 10 MB of kernel memory). */
	readonly maxSockets?: number;
	/** Bytes copied of an operation that starts like a message. Default and at most 32,768. */
	readonly headLimit?: number;
	/** Bytes copied of any other operation. Default 4,096. */
	readonly bodyLimit?: number;
	/** Operations without a known protocol after which a connection is given up. Default 8. */
	readonly unknownOperations?: number;
	/** Headers of all operations, also of connections that are not HTTP/1. Default false. */
	readonly allOperations?: boolean;
	/**
	 * When reads were called, too, not only when they returned (`start_ns`). Costs a server some 0.2 us for each read, and tells
	 * how long a read had to wait. Default false: reads have the flag `start_unknown`.
	 */
	readonly readStarts?: boolean;
	/**
	 * How the programs read kernel memory: "direct" needs Linux 6.2 and costs a server some 0.4 us less for each request.
	 * Default: "direct" where the kernel takes it, else "probed".
	 */
	readonly reads?: Reads;
	/** How programs are attached to TLS libraries. Default: "many" places by one link where the kernel can (6.6), else "single". */
	readonly tlsLinks?: TlsLinks;
	readonly select?: Selection;
	/** Makes room for `select.reject`, which {@linkcode Capture.reselect} may then ask for later: some 1.5 MB. Default false. */
	readonly reselect?: boolean;
	/** Processes whose connections are never reported, nor the other end of them on this machine. Default: this process. */
	readonly excludePids?: readonly number[];
}

/** The options with their defaults. */
export interface Settings {
	readonly queue: "ring" | "perf";
	readonly rings: number;
	readonly ringBytes: number;
	readonly wakeBytes: number;
	readonly maxSockets: number;
	readonly headLimit: number;
	readonly bodyLimit: number;
	readonly unknownOperations: number;
	readonly allOperations: boolean;
	readonly readStarts: boolean;
	readonly reads: Reads | undefined;
	readonly tlsLinks: TlsLinks | undefined;
	readonly select: Selection;
	readonly reselect: boolean;
	readonly excludePids: readonly number[];
}

/** The largest front of an operation that the programs can copy (bpf/settings.bpf.h). */
export const MAX_CAPTURE: number = 32_768;
const PAGE = 4096;

/** The value, if it is within; else a RangeError. */
export function within(name: string, value: number, min: number, max: number, what = "open the capture"): number {
	if (Number.isInteger(value) && value >= min && value <= max) return value;
	throw new RangeError(`Cannot ${what}: '${name}' must be an integer from ${min} to ${max}: received ${value}`);
}

function powerOfTwo(name: string, value: number): number {
	if (within(name, value, PAGE, 2 ** 30) && (value & (value - 1)) === 0) return value;
	throw new RangeError(`Cannot open the capture: '${name}' must be a power of two: received ${value}`);
}

/** Checks the options and fills in the defaults. */
export function settingsOf(options: CaptureOptions): Settings {
	const queue = options.queue ?? "ring";
	const rings = within("rings", options.rings ?? 1, 1, 64);
	if (queue === "perf" && rings !== 1) {
		throw new RangeError(
			`Cannot open the capture: perf buffers are one for each CPU: 'rings' must be 1: received ${rings}`,
		);
	}
	const ringBytes = powerOfTwo("ringBytes", options.ringBytes ?? 8 << 20);
	for (const port of options.select?.ports ?? []) within("select.ports", port, 1, 65_535);
	for (const pid of [...(options.select?.pids ?? []), ...(options.excludePids ?? [])]) within("pids", pid, 1, 2 ** 22);
	return {
		queue,
		rings,
		ringBytes,
		wakeBytes: within("wakeBytes", options.wakeBytes ?? ringBytes / 4, 1, 2 ** 30),
		maxSockets: within("maxSockets", options.maxSockets ?? 65_536, 1, 2 ** 24),
		headLimit: within("headLimit", options.headLimit ?? MAX_CAPTURE, 0, MAX_CAPTURE),
		bodyLimit: within("bodyLimit", options.bodyLimit ?? 4096, 0, MAX_CAPTURE),
		unknownOperations: within("unknownOperations", options.unknownOperations ?? 8, 1, 1_000_000),
		allOperations: options.allOperations ?? false,
		readStarts: options.readStarts ?? false,
		reads: options.reads,
		tlsLinks: options.tlsLinks,
		select: options.select ?? {},
		reselect: options.reselect ?? false,
		excludePids: options.excludePids ?? [process.pid],
	};
}

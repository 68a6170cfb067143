import type { Setting } from "./setting.ts";

const BOOLEAN = { kind: "boolean" } as const;

/** The keys of `capture`: how the kernel is asked. */
export const CAPTURE_SETTINGS: readonly Setting[] = [
	{
		key: "capture.partitions",
		option: "partitions",
		type: { kind: "number", min: 1, max: 64 },
		default: "by CPUs: 1 below 4, else half of them",
		about: "Parallel data planes. `wirescribe print-config --explain-tuning` says how many, and why.",
		reload: "restart",
	},
	{
		key: "capture.queue",
		option: "queue",
		type: { kind: "choice", choices: ["ring", "perf"] },
		default: "ring",
		about: "Ring buffers, or per-CPU perf buffers (one partition).",
		reload: "restart",
	},
	{
		key: "capture.ring_size",
		option: "ring-size",
		type: { kind: "size", min: 64 << 10, max: 64 << 20 },
		default: "8MB, less where memory is short",
		about: "Bytes of each ring, or of each CPU's buffer; rounded up to a power of two.",
		reload: "restart",
	},
	{
		key: "capture.tls",
		option: "no-tls",
		flag: "inverted",
		type: BOOLEAN,
		default: "true",
		about: "Attach to TLS libraries. What a call of them costs then, `wirescribe doctor` says.",
		reload: "restart",
	},
];

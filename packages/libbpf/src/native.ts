import { fileURLToPath } from "node:url";
import { dlopen, type Library } from "@wirescribe/ffi";
import { BpfError } from "./errors.ts";

/** The shim's flat ABI (native/shim). Handles and results are i32; what a hot call carries needs no conversion in any backend. */
const table = {
	ws_abi: { args: [], returns: "i32" },
	ws_close: { args: ["i32"], returns: "i32" },
	ws_handle_count: { args: [], returns: "i32" },
	ws_error: { args: ["buffer", "u32"], returns: "i32" },
	ws_log: { args: ["buffer", "u32"], returns: "i32" },
	ws_errno_name: { args: ["i32", "buffer", "u32"], returns: "i32" },
	ws_errno_text: { args: ["i32", "buffer", "u32"], returns: "i32" },
	ws_object_open_file: { args: ["buffer"], returns: "i32" },
	ws_object_open_memory: { args: ["buffer", "u32", "buffer"], returns: "i32" },
	ws_object_load: { args: ["i32"], returns: "i32" },
	ws_object_map: { args: ["i32", "u32", "buffer"], returns: "i32" },
	ws_object_program: { args: ["i32", "u32", "buffer"], returns: "i32" },
	ws_object_map_set: { args: ["i32", "u32", "u32", "u32"], returns: "i32" },
	ws_object_program_autoload: { args: ["i32", "u32", "u32"], returns: "i32" },
	ws_object_program_many_uprobes: { args: ["i32", "u32"], returns: "i32" },
	ws_global_get: { args: ["i32", "buffer", "buffer", "u32"], returns: "i32" },
	ws_global_set: { args: ["i32", "buffer", "buffer", "u32"], returns: "i32" },
	ws_map_lookup: { args: ["i32", "buffer", "buffer"], returns: "i32" },
	ws_map_update: { args: ["i32", "buffer", "buffer", "u32"], returns: "i32" },
	ws_map_delete: { args: ["i32", "buffer"], returns: "i32" },
	ws_map_take: { args: ["i32", "buffer", "buffer"], returns: "i32" },
	ws_map_next_key: { args: ["i32", "buffer", "buffer"], returns: "i32" },
	ws_map_lookup_batch: { args: ["i32", "buffer", "buffer", "buffer", "buffer", "buffer"], returns: "i32" },
	ws_map_take_batch: { args: ["i32", "buffer", "buffer", "buffer", "buffer", "buffer"], returns: "i32" },
	ws_map_update_batch: { args: ["i32", "buffer", "buffer", "buffer"], returns: "i32" },
	ws_map_delete_batch: { args: ["i32", "buffer", "buffer"], returns: "i32" },
	ws_map_create: { args: ["u32", "buffer", "u32", "u32", "u32", "u32", "i32"], returns: "i32" },
	ws_map_info: { args: ["i32", "buffer"], returns: "i32" },
	ws_map_fd_by_id: { args: ["u32"], returns: "i32" },
	ws_program_info: { args: ["i32", "buffer"], returns: "i32" },
	ws_program_run: {
		args: ["i32", "buffer", "u32", "buffer", "u32", "buffer", "u32", "u32", "buffer"],
		returns: "i32",
	},
	ws_stats_enable: { args: [], returns: "i32" },
	ws_fd_dup: { args: ["i32"], returns: "i32" },
	ws_fd_close: { args: ["i32"], returns: "i32" },
	ws_fd_read: { args: ["i32", "buffer", "u32"], returns: "i32" },
	ws_fd_pin: { args: ["i32", "buffer"], returns: "i32" },
	ws_fd_pinned: { args: ["buffer"], returns: "i32" },
	ws_cpus: { args: [], returns: "i32" },
	ws_attach_tracepoint: { args: ["i32", "u32", "buffer", "buffer"], returns: "i32" },
	ws_attach_raw_tracepoint: { args: ["i32", "u32", "buffer"], returns: "i32" },
	ws_attach_uprobe: { args: ["i32", "u32", "u32", "i32", "buffer", "u64", "buffer", "u64"], returns: "i32" },
	ws_attach_uprobes: { args: ["i32", "u32", "u32", "i32", "buffer", "buffer", "buffer", "u32"], returns: "i32" },
	ws_attach_kprobe: { args: ["i32", "u32", "u32", "buffer", "u32"], returns: "i32" },
	ws_attach_xdp: { args: ["i32", "u32", "i32"], returns: "i32" },
	ws_attach_cgroup: { args: ["i32", "u32", "buffer"], returns: "i32" },
	ws_attach_section: { args: ["i32", "u32"], returns: "i32" },
	ws_link_pin: { args: ["i32", "buffer"], returns: "i32" },
	ws_link_iterate: { args: ["i32"], returns: "i32" },
	ws_ring_open: { args: ["i32"], returns: "i32" },
	ws_ring_drain: { args: ["i32", "pointer", "u32"], returns: "i32" },
	ws_ring_available: { args: ["i32"], returns: "i32" },
	ws_ring_capacity: { args: ["i32"], returns: "i32" },
	ws_ring_wait: { args: ["i32", "i32"], returns: "i32" },
	ws_perf_open: { args: ["i32", "u32", "u32"], returns: "i32" },
	ws_perf_drain: { args: ["i32", "pointer", "u32"], returns: "i32" },
	ws_perf_lost: { args: ["i32"], returns: "i64" },
	ws_perf_available: { args: ["i32"], returns: "i32" },
	ws_perf_wait: { args: ["i32", "i32"], returns: "i32" },
	ws_tracefs: { args: ["u32", "buffer", "u32"], returns: "i32" },
	ws_probe: { args: ["u32"], returns: "i32" },
	ws_probe_type: { args: ["u32", "u32"], returns: "i32" },
} as const;

const abi = 3;

/** The shim's functions. */
export type Native = Library<typeof table>["symbols"];

let opened: Native | undefined;

/** The shim, loaded at the first use and kept until the process ends. */
export function native(): Native {
	opened ??= load();
	return opened;
}

/** Where the shim is: WIRESCRIBE_LIBBPF, or the prebuilt one of this package. */
export function libraryPath(): string {
	const override = process.env.WIRESCRIBE_LIBBPF;
	if (override !== undefined && override !== "") return override;
	return fileURLToPath(
		new URL(`../prebuilt/${process.platform}-${process.arch}/libwirescribe-bpf.so`, import.meta.url),
	);
}

function load(): Native {
	const path = libraryPath();
	const machine = `${process.platform}-${process.arch}`;
	let symbols: Native;
	try {
		symbols = dlopen(path, table).symbols;
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		const advice =
			"there are prebuilt libraries for linux-x64 and linux-arm64 with glibc >= 2.28; set WIRESCRIBE_LIBBPF to one of your own";
		throw new BpfError("ERR_BPF_LIBRARY", `Cannot load libbpf for ${machine}: ${reason}: ${advice}`, { cause: error });
	}
	const found = symbols.ws_abi();
	if (found === abi) return symbols;
	const message = `Cannot use ${path}: its ABI is ${found}, this package needs ${abi}: use the library that came with this version`;
	throw new BpfError("ERR_BPF_LIBRARY", message);
}

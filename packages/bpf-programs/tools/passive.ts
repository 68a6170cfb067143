/**
 * Proof that the programs only look: reads the compiled objects, instruction by instruction, and names whatever could change something.
 *
 *     node tools/passive.ts            the prebuilt objects
 *     node tools/passive.ts FILE...    these
 *
 * A BPF program reaches beyond its own memory in three ways: by the kind of hook it is attached to (its return value, a writable
 * context), by helpers (called by number) and by kernel functions (called by name). Each has to be on a list here; the lists are short,
 * and a line added to them shows in a review. What is on them reads kernel or user memory, or writes maps and event queues.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Elf, type Relocation, readElf, type Section } from "./elf.ts";

/** Helpers by the kernel's numbers, which never change. */
const ALLOWED_HELPERS: ReadonlyMap<number, string> = new Map([
	[1, "map_lookup_elem"],
	[2, "map_update_elem"],
	[3, "map_delete_elem"],
	[5, "ktime_get_ns"],
	[8, "get_smp_processor_id"],
	[14, "get_current_pid_tgid"],
	[25, "perf_event_output"],
	[112, "probe_read_user"],
	[113, "probe_read_kernel"],
	[115, "probe_read_kernel_str"],
	[130, "ringbuf_output"],
	[131, "ringbuf_reserve"],
	[132, "ringbuf_submit"],
	[134, "ringbuf_query"],
	[156, "task_storage_get"],
	[158, "get_current_task_btf"],
	[174, "get_attach_cookie"],
	[175, "task_pt_regs"],
]);

/** Functions of the kernel by name: this one gives an address a type, for reading only, and is no call any more when it runs. */
const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(["bpf_rdonly_cast"]);

/** Names for the message only; a number that is in neither list is as forbidden. */
const NOTORIOUS: ReadonlyMap<number, string> = new Map([
	[9, "skb_store_bytes"],
	[13, "clone_redirect"],
	[36, "probe_write_user"],
	[49, "setsockopt"],
	[58, "override_return"],
	[86, "sk_release"],
	[104, "sysctl_set_new_value"],
	[109, "send_signal"],
	[116, "tcp_send_ack"],
	[117, "send_signal_thread"],
	[166, "sys_bpf"],
	[187, "set_retval"],
]);

/**
 * Hooks whose return value nobody asks and whose context cannot be written; ".text" holds the functions they call. "uprobe" is a place in
 * a user-space file, and the registers there: they can be read only (a sleepable one, "uprobe.s", may change memory and is not allowed).
 */
const ALLOWED_HOOKS = /^(tp\/syscalls\/sys_(enter|exit)_\w+|raw_tp\/\w+|uprobe|\.text)$/;

const INSTRUCTION_BYTES = 8;
const BPF_CALL = 0x85;
const BPF_LD_IMM64 = 0x18;
/** What the source register of a call says its number means. */
const CALLS = { helper: 0, local: 1, kernel: 2 } as const;
/** The 32-bit relocation of a call. */
const R_BPF_64_32 = 10;

/** What was read, so that a proof over nothing does not pass for one. */
export interface Verdict {
	readonly programs: number;
	readonly instructions: number;
	/** Calls of helpers, by name. */
	readonly helpers: ReadonlyMap<string, number>;
	/** One line for each thing that is not allowed. */
	readonly violations: readonly string[];
}

/** Reads one object. Throws when it is not an object it can read to the end. */
export function inspect(bytes: Uint8Array): Verdict {
	const elf = readElf(bytes);
	const helpers = new Map<string, number>();
	const violations: string[] = [];
	let programs = 0;
	let instructions = 0;
	for (const section of elf.sections.filter(({ executable, size }) => executable && size > 0)) {
		if (section.name !== ".text") programs++;
		if (!ALLOWED_HOOKS.test(section.name)) violations.push(`${section.name}: a hook that is not allowed`);
		for (const { at, violation, helper } of calls(elf, section)) {
			if (violation !== undefined) violations.push(`${section.name}+${at}: ${violation}`);
			if (helper !== undefined) helpers.set(helper, (helpers.get(helper) ?? 0) + 1);
		}
		instructions += section.size / INSTRUCTION_BYTES;
	}
	if (programs === 0) violations.push("there are no programs in it");
	return { programs, instructions, helpers, violations };
}

interface Call {
	/** Instructions from the section's start. */
	readonly at: number;
	readonly violation?: string;
	readonly helper?: string;
}

function* calls(elf: Elf, section: Section): Generator<Call> {
	if (section.size % INSTRUCTION_BYTES !== 0) throw new Error(`${section.name}: half an instruction at its end`);
	const view = elf.view(section);
	const relocations = new Map(elf.relocationsOf(section).map((entry) => [entry.offset, entry]));
	for (let offset = 0; offset < section.size; offset += INSTRUCTION_BYTES) {
		const code = view.getUint8(offset);
		const at = offset / INSTRUCTION_BYTES;
		if (code === BPF_LD_IMM64) {
			// Two slots: the second is half of a number, whatever it looks like.
			offset += INSTRUCTION_BYTES;
			if (offset >= section.size) throw new Error(`${section.name}: half an instruction at its end`);
			continue;
		}
		// Calls are class JMP (5), operation CALL (8); by a register or in class JMP32 (6) they are no calls we know.
		if ((code & 0xf0) !== 0x80 || ((code & 7) !== 5 && (code & 7) !== 6)) continue;
		if (code !== BPF_CALL) {
			yield { at, violation: `an indirect call (opcode 0x${code.toString(16)})` };
			continue;
		}
		const number = view.getInt32(offset + 4, true);
		yield { at, ...judge(view.getUint8(offset + 1) >> 4, number, relocations.get(offset)) };
	}
}

function judge(kind: number, number: number, relocation: Relocation | undefined): Omit<Call, "at"> {
	if (kind === CALLS.local) {
		// The compiler writes calls of kernel functions like local ones, of a symbol that is defined nowhere.
		if (relocation === undefined) return {};
		if (relocation.type !== R_BPF_64_32) return { violation: `a call with relocation ${relocation.type}` };
		return relocation.defined || ALLOWED_FUNCTIONS.has(relocation.symbol)
			? {}
			: { violation: `the kernel function ${relocation.symbol}` };
	}
	if (kind === CALLS.kernel) return { violation: `the kernel function of BTF id ${number}` };
	if (kind !== CALLS.helper) return { violation: `a call of unknown kind ${kind}` };
	if (relocation !== undefined) return { violation: `a helper's number that is relocated (${relocation.symbol})` };
	const helper = ALLOWED_HELPERS.get(number);
	return helper === undefined
		? { violation: `the helper ${number} ${NOTORIOUS.get(number) ?? ""}`.trim() }
		: { helper };
}

function main(files: readonly string[]): number {
	let bad = 0;
	for (const file of files) {
		const { programs, instructions, helpers, violations } = inspect(readFileSync(file));
		bad += violations.length;
		const count = [...helpers.values()].reduce((sum, n) => sum + n, 0);
		const verdict = violations.length === 0 ? "passive" : "NOT PASSIVE";
		console.log(`${verdict}: ${file}: ${programs} programs, ${instructions} instructions, ${count} calls of helpers`);
		console.log(`  ${[...helpers].map(([name, calls]) => `${name} ${calls}`).join(", ")}`);
		for (const violation of violations) console.log(`  ${violation}`);
	}
	return bad === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	const named = process.argv.slice(2);
	const prebuilt = ["x64", "arm64"].flatMap((arch) =>
		["capture", "capture-direct"].map((name) => join(import.meta.dirname, `../prebuilt/${arch}/${name}.bpf.o`)),
	);
	process.exitCode = main(named.length > 0 ? named : prebuilt);
}

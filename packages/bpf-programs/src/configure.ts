import { readFileSync } from "node:fs";
import { type BpfObject, type BpfProgram, possibleCpus } from "@wirescribe/libbpf";
import { ROLE } from "./events.ts";
import type { Selection, Settings } from "./options.ts";

/** What is attached only for the start times of reads. */
const ENTRY_TO_READ = /^sys_enter_(p?readv?2?|recv(from|msg|mmsg))$/;
/** As in bpf/tls.bpf.h: probes on user-space functions can be preempted by each other. */
const TLS_SCRATCHES_PER_CPU = 2;
const MAX_TLS_STREAMS = 16_384;

/** What is attached at once: sockets first, so that own connections are known; entries before exits, so that calls in between have a start. */
export function systemCallPrograms(object: BpfObject, { readStarts }: Settings): BpfProgram[] {
	const order = ({ section }: BpfProgram): number =>
		section.startsWith("raw_tp") ? 0 : section.includes("sys_enter") ? 1 : 2;
	return [...object.programs.values()]
		.filter(({ section }) => section !== "uprobe" && (readStarts || !ENTRY_TO_READ.test(section.split("/")[2] ?? "")))
		.sort((a, b) => order(a) - order(b));
}

/** The programs on user-space functions; all others are attached at once. */
export function uprobes(object: BpfObject): BpfProgram[] {
	return [...object.programs.values()].filter(({ section }) => section === "uprobe");
}

/** What must be known before the programs are loaded. */
export function configure(object: BpfObject, settings: Settings): void {
	const { select } = settings;
	object.setGlobal("setting_queue", settings.queue === "perf" ? 1 : 0);
	object.setGlobal("setting_rings", settings.rings);
	object.setGlobal("setting_wake_bytes", settings.wakeBytes);
	object.setGlobal("setting_unknown_operations", settings.unknownOperations);
	object.setGlobal("setting_read_starts", settings.readStarts);
	setSelection(object, select, settings.allOperations, false);
	setLimits(object, settings);
	object.setGlobal("next_socket_id", microsecondsSinceBoot());
	object.map("rings").maxEntries = settings.rings;
	object.map("sockets").maxEntries = settings.maxSockets;
	if (!select.reject && !settings.reselect) object.map("rejected_tgids").maxEntries = 1;
	object.map("scratches").maxEntries = possibleCpus();
	object.map("tls_scratches").maxEntries = possibleCpus() * TLS_SCRATCHES_PER_CPU;
	object.map("tls_streams").maxEntries = Math.min(settings.maxSockets, MAX_TLS_STREAMS);
}

/** What may change while the programs run. */
export function setSelection(object: BpfObject, select: Selection, allOperations: boolean, watchesPart: boolean): void {
	object.setGlobal("setting_select_process", select.pids !== undefined || select.comms !== undefined);
	object.setGlobal("setting_select_port", select.ports !== undefined);
	object.setGlobal("setting_reject_process", select.reject === true);
	object.setGlobal("setting_role", select.role === undefined ? 0 : ROLE[select.role]);
	object.setGlobal("setting_sees_left_out", select.ports !== undefined || select.role !== undefined || watchesPart);
	object.setGlobal("setting_all_operations", allOperations);
}

/** As may this. */
export function setLimits(
	object: BpfObject,
	{ headLimit, bodyLimit }: Pick<Settings, "headLimit" | "bodyLimit">,
): void {
	object.setGlobal("setting_head_limit", headLimit);
	object.setGlobal("setting_body_limit", bodyLimit);
}

/** Where socket ids start: they stay unique over restarts, unless a million sockets a second were born all the time. */
function microsecondsSinceBoot(): number {
	const seconds = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]);
	return Math.max(1, Math.floor(seconds * 1e6));
}

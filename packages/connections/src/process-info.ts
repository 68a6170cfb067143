import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { needsDetails, type ProcessSelection, selectsProcess } from "./process-selection.ts";

/** A process, as /proc described it. Plain data: it can be recorded and replayed. */
export interface ProcessInfo {
	readonly pid: number;
	/** Nanoseconds since boot; with `pid` it names one process for ever. 0: not known. */
	readonly startTime: number;
	readonly comm: string;
	/** Path of the program; empty for kernel threads and where /proc does not tell. */
	readonly exe: string;
	/** Arguments joined by spaces, the first 4096 characters of them. */
	readonly cmdline: string;
	/** Effective user; -1: not known. */
	readonly uid: number;
	/** 64 hex digits of the innermost container, from the cgroup; empty outside of containers. */
	readonly containerId: string;
	/** Path in the cgroup hierarchy (version 2, else the first of version 1); empty when not known. */
	readonly cgroup: string;
}

/** USER_HZ: what /proc counts in, 100 on every architecture Linux runs eBPF on. */
const NS_PER_TICK = 1e9 / 100;
const PF_KTHREAD = 0x0020_0000;
/** A class path can be a hundred times as long, and thousands of processes are remembered. */
const MAX_CMDLINE = 4096;

function read(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}

function readLink(path: string): string {
	try {
		return readlinkSync(path).replace(/ \(deleted\)$/, "");
	} catch {
		return "";
	}
}

/** The fields of a stat line. `comm` may hold spaces and parentheses, so it ends at the last one. */
export function parseStat(
	stat: string,
): { comm: string; ended: boolean; flags: number; startTime: number } | undefined {
	const open = stat.indexOf("(");
	const close = stat.lastIndexOf(")");
	if (open < 0 || close < open) return undefined;
	const fields = stat.slice(close + 2).split(" ");
	return {
		comm: stat.slice(open + 1, close),
		// A zombie, or dead: what it was is not told any more.
		ended: /^[ZXx]/.test(fields[0] ?? ""),
		flags: Number(fields[6] ?? 0),
		startTime: Number(fields[19] ?? 0) * NS_PER_TICK,
	};
}

/** The innermost container of a cgroup file: the last 64 hex digits in it. */
export function parseContainerId(cgroup: string): string {
	return cgroup.match(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g)?.at(-1) ?? "";
}

/** The path that a cgroup file names: that of version 2, or where that is the root, the first of version 1 that is not. */
export function parseCgroup(cgroup: string): string {
	const paths = cgroup
		.split("\n")
		.sort((a, b) => Number(b.startsWith("0::")) - Number(a.startsWith("0::")))
		.map((line) => line.split(":").slice(2).join(":"));
	return paths.find((path) => path.length > 1) ?? paths[0] ?? "";
}

/** Joined, not replaced: V8 keeps the result of a replacement as a tree of its pieces, three times as large. */
function parseCmdline(cmdline: string): string {
	return cmdline.slice(0, MAX_CMDLINE).replace(/\0+$/, "").split("\0").join(" ");
}

/** Reads a process from /proc; undefined when there is none (any more), or only what is left of it. */
export function readProcess(pid: number, proc = "/proc"): ProcessInfo | undefined {
	const folder = `${proc}/${pid}`;
	const stat = parseStat(read(`${folder}/stat`));
	if (!stat || stat.ended) return undefined;
	const cgroup = read(`${folder}/cgroup`);
	const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(read(`${folder}/status`))?.[1];
	return {
		pid,
		startTime: stat.startTime,
		comm: stat.comm,
		exe: readLink(`${folder}/exe`),
		cmdline: parseCmdline(read(`${folder}/cmdline`)),
		uid: uid === undefined ? -1 : Number(uid),
		containerId: parseContainerId(cgroup),
		cgroup: parseCgroup(cgroup),
	};
}

/**
 * The running processes of a selection, without kernel threads. Reads one file for each process there is, and four more
 * when the selection asks for more than pids and names.
 */
export function matchProcesses(selection: ProcessSelection = {}, proc = "/proc"): { pid: number; comm: string }[] {
	const details = needsDetails(selection);
	const matching: { pid: number; comm: string }[] = [];
	for (const { pid, comm } of running(proc)) {
		const facts = details ? readProcess(pid, proc) : { pid, comm, exe: "", containerId: "", cgroup: "" };
		if (facts && selectsProcess(selection, facts)) matching.push({ pid, comm });
	}
	return matching.sort((a, b) => a.pid - b.pid);
}

/** The pids of all running processes, without kernel threads. */
export function allProcesses(proc = "/proc"): number[] {
	return Array.from(running(proc), ({ pid }) => pid);
}

function* running(proc: string): Generator<{ pid: number; comm: string }, void, undefined> {
	for (const name of readdirSync(proc)) {
		const pid = Number(name);
		if (!Number.isInteger(pid)) continue;
		const stat = parseStat(read(`${proc}/${name}/stat`));
		if (stat && !(stat.flags & PF_KTHREAD)) yield { pid, comm: stat.comm };
	}
}

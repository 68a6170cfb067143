import { closeSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { readProcess, type TlsFile } from "@wirescribe/connections";
import type { TlsNotVisible } from "@wirescribe/pipeline";

/** What no process of any machine shows. */
export const NEVER_SEEN: readonly string[] = [
	"AF_UNIX sockets: not TCP",
	"QUIC and HTTP/3: UDP",
	"HTTP/2 and gRPC: recognised, counted as connections, and left alone",
	"kTLS: the kernel encrypts, so that system calls carry no ciphertext and libraries no plaintext that is watched",
	"the bytes that sendfile and splice move: counted, not copied",
];

/** A process as the plan shows it: what of its traffic will be seen. */
export interface ProcessVisibility {
	readonly pid: number;
	readonly comm: string;
	/** Libraries and programs whose TLS functions it uses. */
	readonly tls: readonly string[];
	/** What of it will not be seen, and why. */
	readonly invisible: readonly string[];
}

/** The processes of which something is to be said: those with TLS, and those that use what is never seen. */
export function processVisibility(
	files: readonly Pick<TlsFile, "path" | "pids">[],
	notVisible: readonly TlsNotVisible[],
): ProcessVisibility[] {
	const found = new Map<number, { tls: string[]; invisible: string[] }>();
	const of = (pid: number): { tls: string[]; invisible: string[] } => {
		const entry = found.get(pid) ?? { tls: [], invisible: [] };
		found.set(pid, entry);
		return entry;
	};
	for (const { path, pids } of files) for (const pid of pids) of(pid).tls.push(path);
	for (const { pid, reason } of notVisible) of(pid).invisible.push(`TLS: ${reason}`);
	for (const name of readdirSync("/proc")) {
		const pid = /^\d+$/.test(name) ? Number(name) : process.pid;
		if (pid === process.pid) continue;
		if (usesIoUring(pid))
			of(pid).invisible.push("what it may send and receive by the io_uring that it has: there is no system call");
		if (is32Bit(pid)) of(pid).invisible.push("its system calls: it is a 32-bit program");
	}
	return [...found]
		.map(([pid, entry]) => ({ pid, comm: readProcess(pid)?.comm ?? "", ...entry }))
		.sort((a, b) => a.pid - b.pid);
}

function usesIoUring(pid: number): boolean {
	try {
		return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === "anon_inode:[io_uring]");
	} catch {
		return false;
	}
}

function linkOf(path: string): string {
	try {
		return readlinkSync(path);
	} catch {
		return "";
	}
}

/** The class in the ELF header of its program. */
function is32Bit(pid: number): boolean {
	let fd: number | undefined;
	try {
		fd = openSync(`/proc/${pid}/exe`, "r");
		const head = Buffer.alloc(5);
		return readSync(fd, head, 0, 5, 0) === 5 && head.toString("latin1", 1, 4) === "ELF" && head[4] === 1;
	} catch {
		return false;
	} finally {
		if (fd !== undefined) closeSync(fd);
	}
}

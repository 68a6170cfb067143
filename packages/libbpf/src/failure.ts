import { BpfError, type BpfErrorCode } from "./errors.ts";
import { native } from "./native.ts";

const decoder: TextDecoder = new TextDecoder();

function text(size: number, fill: (buffer: Uint8Array, size: number) => number): string {
	const buffer = new Uint8Array(size);
	return decoder.decode(buffer.subarray(0, Math.max(0, fill(buffer, size))));
}

/** The name of a negative errno: "EPERM". */
export function errnoName(result: number): string {
	return text(32, (buffer, size) => native().ws_errno_name(result, buffer, size));
}

function errnoText(result: number): string {
	return text(128, (buffer, size) => native().ws_errno_text(result, buffer, size));
}

/** What this thread's last failed call wanted to do; calls on maps by fd leave none. */
function lastSentence(): string {
	return text(512, (buffer, size) => native().ws_error(buffer, size));
}

function lastLog(): string {
	return text(32768, (buffer, size) => native().ws_log(buffer, size));
}

const advice: Readonly<Record<string, string>> = {
	EPERM: "run as root, or grant CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN",
	EACCES: "run as root, or grant CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN",
	ENOENT: "check the name, and that this kernel has it",
	EMFILE: "raise the limit of open files (ulimit -n)",
	ENOMEM: "choose a smaller size, or free memory",
};

/** The line of the log that says most: libbpf's last words, or the verifier's verdict. */
function verdict(log: string): string {
	const lines = log.split("\n").map((line) => line.trim());
	const end = lines.findIndex((line) => line.includes("END PROG LOAD LOG"));
	// Above the end mark stand statistics, above them the verdict.
	for (let i = end - 1; i > 0; i--) {
		const line = lines[i]!;
		if (line !== "" && !/^(processed \d+ insns|verification time|stack depth)/.test(line)) return line;
	}
	return lines.find((line) => line.startsWith("libbpf: ")) ?? "";
}

/** Turns a negative result of the shim into an error, with the sentence, the errno's name and the log of the call just made. */
export function failure(code: BpfErrorCode, result: number, action?: string, advise?: string): BpfError {
	const errno = errnoName(result);
	const what = action ?? lastSentence();
	if (errno === "EBADF" && /is closed/.test(what)) {
		return new BpfError("ERR_BPF_CLOSED", `Cannot ${what}: keep it open while it is used`, { errno });
	}
	const log = action === undefined ? lastLog() : "";
	const rejected = log.includes("BEGIN PROG LOAD LOG");
	const why = verdict(log);
	const todo = advise ?? (rejected ? "see the verifier's words in the error's log" : advice[errno]);
	const parts = [`Cannot ${what}: ${errno} (${errnoText(result)})`, why, todo ?? ""].filter((part) => part !== "");
	return new BpfError(rejected ? "ERR_BPF_VERIFIER" : code, parts.join(": "), { errno, log });
}

/*
 * Every word that a ledger, a metric or an error of this project uses for a loss, with a sentence for a reader. The
 * reasons why a message is partial or unpaired are the parser's own: give its list to `describeReason` as well.
 */

/** Why a record did not reach the collector (identity of records). */
export const RECORD_LOST: Readonly<Record<string, string>> = {
	queue: "The sender's memory was full: the oldest records made room, or the new one was refused.",
	oversize: "The record alone is longer than a message may be.",
	permanent: "The collector refused the records with a status that a repetition does not change.",
	expired: "The collector did not accept the records within the time that is spent on repeating.",
	shutdown: "The program ended before the collector had accepted the records.",
};

/** Why an operation did not reach user space (identity of operations). */
export const OPERATION_LOST: Readonly<Record<string, string>> = {
	ring_full: "The ring buffer had no room: the reader was too slow, or the ring is too small.",
	map_full: "A kernel map had no room for another connection or call.",
	fault: "The call's memory could not be read in the kernel.",
	scratch_busy: "The program was preempted on this CPU and its scratch memory was in use.",
	tls_socket: "A TLS call moved plaintext, and which connection it belongs to was not known.",
	missed: "The kernel did not run the program for this call.",
};

/** Other events of the kernel that found no room in their ring; what they would have told is missing elsewhere. */
export const EVENT_LOST: Readonly<Record<string, string>> = {
	connection_event:
		"A connection's description was lost: its addresses are those of its next description, or not known.",
	close_event: "A connection's end was lost: it is found by asking the kernel, within half a minute.",
	process_event: "A process's start or end was lost: its program is read from /proc instead, if it still lives.",
};

/** Why a request that the kernel recognised is not in the log. */
export const REQUEST_LOST: Readonly<Record<string, string>> = {
	request_start: "The operation that began the request was lost in the kernel.",
	not_handed_out: "The request was read and given up with its connection: a defect of the agent.",
};

/** Why an operation was not submitted, on purpose. */
export const OPERATION_SKIPPED: Readonly<Record<string, string>> = {
	not_tcp: "The file is not a TCP socket.",
	not_selected: "The options select other processes, ports or roles.",
	not_http: "The connection is not HTTP.",
	own: "It belongs to the agent itself, or to the other end of one of its connections.",
	tls_ciphertext: "The bytes are encrypted: where the plaintext can be seen, it is an operation of its own.",
	not_watched: "To keep a budget, only a part of the connections is watched.",
};

/** Why a request that was read is not in the log, on purpose (identity of messages). */
export const LEFT_OUT: Readonly<Record<LeftOutReason, string>> = {
	filtered: "The filter means other requests.",
	sampled: "The request does not belong to the sample.",
	"rate-limited": "More requests came than the rate limit lets through.",
	"protection-sample": "To keep a budget, fewer traces were sampled.",
	"protection-shed": "To keep a budget, busy endpoints were cut to so many requests a second.",
	"not-watched":
		"To keep a budget, the connection was not watched; counted in the kernel by the request's first bytes.",
};

export type LeftOutReason =
	| "filtered"
	| "sampled"
	| "rate-limited"
	| "protection-sample"
	| "protection-shed"
	| "not-watched";

/** What an operator can do about a loss. One for each reason of the lists above that are losses. */
export const LOSS_ADVICE: Readonly<Record<string, string>> = {
	queue:
		"The backend is too slow or away for too long. Look at `wirescribe_lane_healthy`; add `--lanes`, or `--spool FOLDER` to keep on disk what does not fit.",
	oversize: "A single record exceeds the backend's message limit: raise that limit there.",
	permanent:
		"The agent's log names the status. Unauthenticated or permission denied: check `--backend-token`; unimplemented: the address is not that of an access log service.",
	expired: "The backend was away for longer than records are repeated: `--spool FOLDER` bridges it.",
	shutdown:
		"The agent was stopped while the backend did not take everything within ten seconds: with `--spool FOLDER` the next run delivers the rest.",
	ring_full:
		"The agent did not get enough CPU, or the traffic comes in bursts: raise `--ring-size`, the agent's CPU limit, or `--partitions`; or watch less (`--port`, `--role server`).",
	map_full: "More connections are open than the kernel map holds: watch fewer (`--port`, `--comm`, `--role`).",
	fault:
		"The memory of the call was paged out at that moment. Nothing to do; a rising rate points to a machine short of memory.",
	scratch_busy:
		"Rare by nature. A rising rate on a kernel with full preemption: watch fewer TLS libraries (`--no-tls`).",
	tls_socket:
		"Bytes were encrypted or decrypted in memory, or by a socket that was opened before the agent began: it ends with that connection. `wirescribe doctor` says what is visible.",
	missed:
		"The kernel refused to run a program within itself, or another tracer interrupted it: look for other eBPF tools on the same tracepoints.",
	connection_event: "As for `ring_full`.",
	close_event: "As for `ring_full`.",
	process_event: "Very many processes start at once. Records of short-lived ones may lack `exe`; nothing else is lost.",
	request_start: "As for the operation's own reason at stage `kernel`: the request is in no log line.",
	not_handed_out: "Report it, with the state that SIGUSR2 writes.",
};

/** Stable `code`s of errors that the packages throw. */
export const ERROR_CODES: Readonly<Record<string, string>> = {
	EADDRINUSE: "Another program listens on this address: choose another port or stop it.",
	EACCES: "This user may not listen on this port: choose one above 1023.",
	EADDRNOTAVAIL: "No interface of this machine has this address.",
	ENOTFOUND: "The name does not resolve: use an IP address.",
	ERR_BAD_ADDRESS: "The address is not of the form host:port.",
	ERR_LISTEN: "The collector could not listen on its address.",
};

const own: readonly Readonly<Record<string, string>>[] = [
	RECORD_LOST,
	OPERATION_LOST,
	EVENT_LOST,
	REQUEST_LOST,
	OPERATION_SKIPPED,
	LEFT_OUT,
	ERROR_CODES,
];

/**
 * The sentence for a reason or code, looked up in `lists` (for instance the parser's) and in those of this file;
 * undefined when none has it.
 */
export function describeReason(
	reason: string,
	...lists: readonly Readonly<Record<string, string>>[]
): string | undefined {
	for (const list of [...lists, ...own]) if (Object.hasOwn(list, reason)) return list[reason];
	return undefined;
}

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

/** Why an operation was not submitted, on purpose. */
export const OPERATION_SKIPPED: Readonly<Record<string, string>> = {
	not_tcp: "The file is not a TCP socket.",
	not_selected: "The options select other processes, ports or roles.",
	not_http: "The connection is not HTTP.",
	tls_ciphertext: "The bytes are encrypted: where the plaintext can be seen, it is an operation of its own.",
};

/** Why a request that was read is not in the log, on purpose (identity of messages). */
export const LEFT_OUT: Readonly<Record<LeftOutReason, string>> = {
	filtered: "The filter means other requests.",
	sampled: "The request does not belong to the sample.",
	"rate-limited": "More requests came than the rate limit lets through.",
};

export type LeftOutReason = "filtered" | "sampled" | "rate-limited";

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

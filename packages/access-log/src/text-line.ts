import { formatAddress, formatBytes, formatDuration, formatTime, maskQuery, printable } from "./format.ts";
import { type JsonLineOptions, type LineConnection, type LineTransaction, lineReasons } from "./json-line.ts";
import type { MessageSize } from "./types.ts";

export interface TextLineOptions extends JsonLineOptions {
	/** Colour the status, for a terminal. */
	readonly color: boolean;
}

function total(message: MessageSize | null): string {
	return message === null ? "-" : formatBytes(message.headerBytes + message.bodyBytes);
}

function colored(text: string, status: number | null, color: boolean): string {
	if (!color) return text;
	const code = status === null ? 90 : status >= 500 ? 31 : status >= 400 ? 33 : status >= 300 ? 36 : 32;
	return `\u001b[${code}m${text}\u001b[39m`;
}

/** The two ends, the client first: the process stands with the end that is its own. */
function ends(connection: LineConnection): string {
	const { comm, pid } = connection;
	const own = formatAddress(connection.local);
	const process = comm === null ? own : `${printable(comm)}(${pid}) ${own}`;
	const other = formatAddress(connection.remote);
	return connection.role === "server" ? `${other} -> ${process}` : `${process} -> ${other}`;
}

/**
 * One transaction as one line for people, without the line's end:
 *
 * ```text
 * 01:44:05.123Z 127.0.0.1:40312 -> nginx(812) 127.0.0.1:80  GET /index.html 200  1.2ms  78B > 853B
 * ```
 *
 * The sizes are those of the whole request and the whole response; reasons follow in brackets when it is not whole.
 */
export function textLine(tx: LineTransaction, options: TextLineOptions): string {
	const startNs = tx.startNs === 0 ? tx.endNs : tx.startNs;
	const time = formatTime(options.bootTime, startNs);
	const path = printable(options.queryValues ? tx.path : maskQuery(tx.path));
	const request = tx.request === null ? "(request not seen)" : `${printable(tx.method)} ${path}`;
	const status = colored(tx.status === null ? "---" : String(tx.status), tx.status, options.color);
	const reasons = lineReasons(tx);
	return (
		`${time.slice(11, 23)}Z ${ends(tx.connection)}${tx.connection.tls ? " tls" : ""}  ${request} ${status}` +
		`  ${formatDuration(tx.endNs - startNs)}  ${total(tx.request)} > ${total(tx.response)}` +
		(reasons.length === 0 ? "" : `  [${reasons.join(", ")}]`)
	);
}

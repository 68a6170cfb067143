/**
 * The access log record: what it is, how it looks on the collector's wire, and how it looks as a line.
 *
 * The wire is the SkyWalking eBPF access log, version 3 (`schema/access-log.proto`). Writing it is the hot path and is
 * done by hand into one growing {@link Writer}; reading it is the generated code's ({@link decodeMessage}), which is also
 * the oracle that the writer is tested against. {@link jsonLine} and {@link textLine} show a transaction to programs
 * and to people.
 *
 * Nothing here does I/O, keeps a handle, starts a timer or knows a kernel; everything is synchronous. A `Writer` belongs
 * to one caller at a time; all other functions keep no state that shows.
 *
 * @module
 */

export type {
	AccessLogConnection,
	AccessLogHTTPProtocol,
	AccessLogKernelLog,
	EBPFAccessLogNodeInfo,
	EBPFTimestamp,
	Message,
} from "../generated/schema.generated.js";
export { decodeMessage } from "./decode.ts";
export { encodeConnection, encodeKernelLogs, encodeNode, encodeTransaction } from "./encode.ts";
export { formatAddress, formatBytes, formatDuration, formatTime, maskQuery, printable } from "./format.ts";
export {
	type JsonLineOptions,
	jsonLine,
	type LineConnection,
	type LineTransaction,
	lineReasons,
} from "./json-line.ts";
export type { JsonMessage, JsonProcess, JsonTransaction, JsonWorkload } from "./json-transaction.ts";
export { encodeLogRecord, encodeResource, encodeSpan } from "./otlp.ts";
export { isSampled, type TraceIds, traceIds } from "./otlp-fields.ts";
export { pathTemplate } from "./path-template.ts";
export { DEFAULT_SPLIT_BYTES, MAX_KERNEL_LOG_BYTES, splitKernelLogs } from "./split.ts";
export { type TextLineOptions, textLine } from "./text-line.ts";
export type { SeenContent, SeenMessage, TransactionPolicy } from "./transaction-policy.ts";
export {
	type Address,
	type Attribution,
	type Connection,
	type ConnectionProcess,
	type HeaderField,
	hiddenPeer,
	type Instant,
	type MessageContent,
	type MessageSize,
	type NetInterface,
	type NodeInfo,
	type Operation,
	type Trace,
	type Transaction,
	type TunnelAttachment,
	type Workload,
} from "./types.ts";
export {
	describeReason,
	ERROR_CODES,
	EVENT_LOST,
	LEFT_OUT,
	type LeftOutReason,
	LOSS_ADVICE,
	OPERATION_LOST,
	OPERATION_SKIPPED,
	RECORD_LOST,
	REQUEST_LOST,
} from "./vocabulary.ts";
export { Writer } from "./writer.ts";

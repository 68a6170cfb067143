/**
 * From captured events to access log records: one partition of connections, with its buffers, parsers and ledger.
 *
 * A {@link Partition} takes batches of events (the layout is in `docs/architecture.md`) and gives records to a
 * {@link RecordOutput}: lines, or the fields of the collector's messages, as frames in an {@link OutputBuffer}. It owns
 * all its state, reads no clock, looks nothing up and never waits, so the same batches at the same times give the same
 * bytes, live or replayed. It is used by one thread at a time.
 *
 * @module
 */
export type { ConnectionSummary } from "./connection-summary.ts";
export { type DescribedConnection, describedConnections } from "./described-connections.ts";
export {
	DURATION_BOUNDS,
	type EndpointCounts,
	EndpointMeter,
	EndpointTotals,
	OTHER_ENDPOINT,
	OUTCOMES,
} from "./endpoint-meter.ts";
export {
	emptyPartitionLedger,
	isBalanced,
	type Ledger,
	type LedgerSources,
	ledgerText,
	makeLedger,
	type OperationCounts,
	type PartitionLedger,
	type ProtectionCounts,
	type RecordCounts,
	sum,
	sumPartitions,
	type TlsNotVisible,
	type TlsWatched,
} from "./ledger.ts";
export {
	compareFrames,
	FrameCursor,
	type FrameKind,
	LINE,
	MESSAGE,
	OutputBuffer,
	type OutputFrame,
	outputFrames,
} from "./output.ts";
export { Partition, type PartitionOptions, type Reselection } from "./partition.ts";
export { type LineFormat, LineOutput, MessageOutput, type RecordOutput } from "./record-output.ts";

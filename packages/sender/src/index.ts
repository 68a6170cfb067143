/**
 * Reliable delivery of ready records: each is kept until the peer has acknowledged it, tried again until then, and
 * accounted for whatever happens.
 *
 * {@link createSender} takes records that are bytes already; it knows no schema. It joins them to messages, groups
 * messages into ack units (1 MiB or 1 s), and sends each unit as one client stream: a unit is acknowledged by the
 * stream's final status, nothing else. A unit that fails is sent again, under the same id, before any newer one of its
 * strand: so the order of each key's records is kept, and the peer may see some of them twice, which the
 * {@link SenderLedger} counts.
 *
 * The sender copies what it is given and owns its transport. It runs on the caller's thread and lives from the first
 * `enqueue` to the end of `shutdown`; timers keep the process alive as long as it holds records. It never
 * waits: when its memory is full, the oldest unit makes room, or goes to disk, if there is a spool.
 *
 * @module
 */
export type { Compression } from "./compression.ts";
export type { RegistryTier, SrvAddress, SrvLookup, SrvTier } from "./discovery.ts";
export { type EndpointsOptions, type EndpointTier, endpointsTransport } from "./endpoints.ts";
export type { SenderEvent } from "./events.ts";
export { type FileTransportOptions, fileTransport } from "./file.ts";
export type { FileFormat } from "./file-format.ts";
export { type H2TransportOptions, h2Transport } from "./h2.ts";
export type { LostRecords, SenderLedger } from "./ledger.ts";
export { type MemoryTransport, type MemoryTransportOptions, type MemoryUnit, memoryTransport } from "./memory.ts";
export type { SenderOptions } from "./options.ts";
export type { RateLimit } from "./rate.ts";
export { DEFAULT_RETRY, type RetryOptions } from "./retry.ts";
export { createSender } from "./sender.ts";
export type { EnqueueResult, LaneState, Sender } from "./sender-interface.ts";
export type { SpoolOptions } from "./spool.ts";
export { type StdoutTransportOptions, stdoutTransport } from "./stdout.ts";
export type { TlsOptions } from "./tls.ts";
export {
	type ConnectionChange,
	type Transport,
	UNIT_METADATA,
	type UnitRequest,
	type UnitStatus,
	type UnitStream,
} from "./transport.ts";
export type { SenderRecord } from "./unit.ts";

/**
 * HTTP/1 reader and request/response matcher for bytes that were overheard: cut, late, doubled, partly missing.
 *
 * Three layers. `MessageReader`: one direction, bytes in order in, messages out. `ExchangeReader` (and `readExchanges` for
 * `for await`): one connection, chunks in, exchanges out. `Http1Connection` below both: callbacks, nothing copied.
 *
 * One `Http1Connection` a connection. Chunks of both directions go in as they were captured; exchanges come out: a
 * request with its response, or one of them with the reason why it stands alone. What is not known is named, not guessed.
 *
 * Ownership: a chunk's memory is the caller's again when `append` returns; a message may be read during the callback, and
 * longer after `detach()`. Time is handed in (chunks, `tick`, `close`). Nothing is thrown for wire bytes, no timer is
 * started, nothing but `@wirescribe/buffer` is imported.
 *
 * @module
 */
export type { Chunk, Direction } from "@wirescribe/buffer";
export type { Anomaly, AnomalyCode } from "./anomaly.ts";
export type { BodyPolicy } from "./body-tap.ts";
export { collectBody } from "./collected.ts";
export { Http1Connection } from "./connection.ts";
export type { Decision, HolePlace } from "./decisions.ts";
export type { ErrorCode, Http1Error } from "./errors.ts";
export type { MessageEvents } from "./events.ts";
export type { Exchange, Http1Counters, Http1Options, Http1Sink, ProtocolChange } from "./exchange.ts";
export { ExchangeReader, type ExchangeReaderOptions, readExchanges } from "./exchange-reader.ts";
export { DEFAULT_LIMITS, type Http1Limits } from "./limits.ts";
export type { Message } from "./message.ts";
export { MessageParser, type MessageParserOptions, type StopReason } from "./message-parser.ts";
export { MessageReader, type MessageReaderOptions } from "./message-reader.ts";
export type { Leniency, PartialReason, Reason, UnpairedReason } from "./reasons.ts";
export type { TargetForm } from "./target.ts";
export { HeadTemplates } from "./templates.ts";
export type { Trace } from "./trace.ts";

/**
 * Ordered socket buffer: captured chunks of one connection, in any order, with holes known as holes.
 *
 * A `SocketBuffer` has two `Stream`s, one a direction. Chunks go in as they come; each stream hands its bytes out in the
 * order of TCP's own positions, and says where bytes were not captured (`CUT`) and where they were lost (`HOLE`). A hole
 * stays open for late chunks until the reorder window has passed or the connection closed; the clock is handed in.
 *
 * Ownership: a chunk's memory is the caller's. Between `append` and `settle` the streams may read it in place; what has
 * not been consumed by then is copied. Nothing here starts timers, threads, or throws because of bytes.
 *
 * @module
 */
export { type Chunk, type Direction, NO_BYTES } from "./chunk.ts";
export { Details } from "./details.ts";
export type { Piece } from "./piece.ts";
export { OperationRange, peek, placeOf, read, readUntil, type Slice, type StreamPlace, sliceOf } from "./reading.ts";
export { REORDER_WINDOW_NS, SocketBuffer, type SocketBufferOptions } from "./socket-buffer.ts";
export { BYTES, CUT, HOLE, NONE, type Span, type StreamCounters } from "./span.ts";
export { Stream } from "./stream.ts";
export { Tombstone } from "./tombstone.ts";

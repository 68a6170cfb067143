/**
 * One `dlopen` for Node (node:ffi, or koffi before 26.1), Deno and Bun.
 *
 * A symbol table in, typed functions out; the same values go in and come out whichever runtime carries the call. Calls are synchronous
 * and run on the calling thread. The library never owns memory of yours: a `buffer` is lent for the time of the call, a `pointer` is
 * an address that you keep valid. `errno` cannot be read back reliably, since the runtime may call into libc before you ask: bind
 * functions that return their error.
 *
 * It parses no headers, passes no structs by value, takes no callbacks and no variadic functions.
 *
 * @module
 */
export { dlopen, type Library } from "./dlopen.ts";
export { FfiError, type FfiErrorCode } from "./errors.ts";
export { cString, pointerOf, readCString } from "./memory.ts";
export type { ArgumentType, BackendName, Callable, ReturnType, Signature, Symbols, SymbolTable } from "./types.ts";

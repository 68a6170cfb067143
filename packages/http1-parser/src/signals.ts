// Fields that the reader or the access log asks for, as bits; the scan notes which are there. Constants for the sake of bundlers.
export const host = 1;
export const traceparent = 2;
export const b3 = 4;
export const xb3 = 8;
export const sw8 = 16;
export const contentLength = 32;
export const transferEncoding = 64;
export const upgrade = 128;
export const expect = 256;
/** One that a client sends the same with each of its requests. */
export const constant = 512;

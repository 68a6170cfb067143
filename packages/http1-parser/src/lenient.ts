// Leniencies as bits for the hot path; `leniencyNames` has their names. Constants of a module, so that bundlers put numbers in their place.
export const leadingCrlf = 1;
export const bareLf = 2;
export const obsFold = 4;
export const missingReason = 8;
export const lowercaseVersion = 16;
export const spaceInTarget = 32;
export const spaceBeforeColon = 64;
export const badHeaderLine = 128;
export const badHeaderValue = 256;
export const teAndContentLength = 512;
export const teNotFinalChunked = 1024;
export const teInHttp10 = 2048;
export const duplicateContentLength = 4096;
export const contentLengthConflict = 8192;
export const badContentLength = 16384;
export const lengthWithoutBody = 32768;
export const headResponseAssumed = 65536;

/** What a reader reads next: a head. */
export const START = 0;
/** A body of known length. */
export const LENGTH = 1;
export const CHUNKED = 2;
/** A chunked body whose chunk lines were not all seen. */
export const BLIND = 3;
/** A body that ends with the connection. */
export const CLOSE = 4;
/** Bytes that are no HTTP/1 any more. */
export const OPAQUE = 5;

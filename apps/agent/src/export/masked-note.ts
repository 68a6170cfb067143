/** What every export of bytes that were not redacted says: the data policy has masked what it masks everywhere. */
export const MASKED =
	"Query values (without --query-values), and headers and fields that hold secrets by custom, are shown as x.";

/** One task of a pool: takes one record. */
export function takeRecord(record: Uint8Array): number {
	return record[0]!;
}

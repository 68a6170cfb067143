/** A line of a head that differs from its template's. Places are those in the head. */
export class Change {
	/** The field's number; -1: the start line. */
	readonly line: number;
	/** Where it begins and where the next one does. */
	readonly start: number;
	readonly end: number;
	/** The change before it. */
	readonly before: Change | undefined;
	/** Its value, once it was asked for. */
	value: string | undefined = undefined;

	constructor(line: number, start: number, end: number, before: Change | undefined) {
		this.line = line;
		this.start = start;
		this.end = end;
		this.before = before;
	}
}

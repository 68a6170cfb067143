/** Fields that the reader or the access log asks for; the scan notes which are there. */
export const FIELD = {
	host: 1,
	traceparent: 2,
	b3: 4,
	xb3: 8,
	sw8: 16,
	contentLength: 32,
	transferEncoding: 64,
	upgrade: 128,
	expect: 256,
} as const;

/** What one scan found; offsets count from the head's first byte. */
export class HeadScan {
	response: boolean = false;
	/** A request's method when it is a common one, else "". */
	method: string = "";
	methodEnd: number = 0;
	targetStart: number = 0;
	targetEnd: number = 0;
	/** 0 or 1 of HTTP/1.x. */
	minor: number = 0;
	status: number = 0;
	reasonStart: number = 0;
	reasonEnd: number = 0;
	headersStart: number = 0;
	headerCount: number = 0;
	hostStart: number = 0;
	hostEnd: number = 0;
	/** Bits of `FIELD`. */
	fields: number = 0;
	/** Bits of `LENIENT`. */
	lenient: number = 0;
	/** -1: none. */
	contentLength: number = -1;
	lengthConflict: boolean = false;
	/** 0: no Transfer-Encoding, 1: ends in chunked, 2: does not. */
	transferEncoding: number = 0;
	/** The start line is whole, also when the head is not. */
	startLine: boolean = false;
	/** Set by the caller: lines that are no fields make the head invalid. For places where a head is only guessed. */
	strict: boolean = false;
	/** Of an incomplete head: where the first line begins that is not whole; 0: the start line is not. */
	resume: number = 0;
	/** Name start, name end, value start, value end of each field, `indexed` numbers. */
	index: Int32Array = new Int32Array(128);
	indexed: number = 0;
	/** Another number for every head. */
	serial: number = 0;

	/** Notes where a field is. */
	note(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
		const at = this.indexed;
		const index = at + 4 > this.index.length ? this.grow() : this.index;
		index[at] = nameStart;
		index[at + 1] = nameEnd;
		index[at + 2] = valueStart;
		index[at + 3] = valueEnd;
		this.indexed = at + 4;
	}

	/** Makes room in the index. */
	grow(): Int32Array {
		const index = new Int32Array(this.index.length * 2);
		index.set(this.index);
		this.index = index;
		return index;
	}
}

/** The one that `scanHead` fills: the same again and again, unless a reader keeps it until the rest of a head comes. */
export let scan: HeadScan = new HeadScan();

const SPARE: HeadScan[] = [];

/** Takes the scan of an incomplete head away, to be continued. */
export function keepScan(): HeadScan {
	const kept = scan;
	scan = SPARE.pop() ?? new HeadScan();
	return kept;
}

/** Makes a kept scan the current one. */
export function restoreScan(kept: HeadScan): void {
	dropScan(scan);
	scan = kept;
}

/** A kept scan is not needed any more. */
export function dropScan(kept: HeadScan): void {
	// Nobody's, whoever remembers its number.
	kept.serial = 0;
	if (SPARE.length < 128 && kept.index.length <= 512) SPARE.push(kept);
}

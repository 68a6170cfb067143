/**
 * Where a Go function returns, in bytes from its start.
 *
 * The table says how far the stack pointer is from where it was at the start, for each piece of code: pairs of a change of that
 * distance and the length of the piece it holds for. The compiler takes a function's frame off before each return, so a piece
 * of distance 0 behind the first one begins with a return, or with the call for a larger stack at the very end. Which, the code shows.
 * Bounded by the code's length, for any bytes.
 */
export function returnPlaces(table: DataView, code: DataView, quantum: number): number[] {
	const places: number[] = [];
	const reader = { table, at: 0 };
	for (let distance = -1, place = 0; place < code.byteLength; ) {
		const [change, length] = [readVarint(reader), readVarint(reader)];
		if (change === undefined || length === undefined || (change === 0 && place > 0) || length === 0) break;
		distance += change & 1 ? -(change >>> 1) - 1 : change >>> 1;
		if (distance === 0 && place > 0 && isReturn(code, place)) places.push(place);
		place += length * quantum;
	}
	return places;
}

interface Reader {
	readonly table: DataView;
	at: number;
}

/** Seven bits a byte, lowest first; undefined when it does not end within five. */
function readVarint(reader: Reader): number | undefined {
	let value = 0;
	for (let shift = 0; shift < 35 && reader.at < reader.table.byteLength; shift += 7) {
		const byte = reader.table.getUint8(reader.at++);
		value += (byte & 0x7f) * 2 ** shift;
		if (byte < 0x80) return value;
	}
	return undefined;
}

/** `ret` of x86-64, or of arm64, whose instructions have four bytes. */
function isReturn(code: DataView, place: number): boolean {
	if (code.getUint8(place) === 0xc3) return true;
	return place + 4 <= code.byteLength && code.getUint32(place, true) === 0xd65f_03c0;
}

export interface Field {
	readonly number: number;
	readonly value: number | Uint8Array;
}

/** The fields of a message: varints and byte strings, others are passed over. Stops where the bytes make no sense. */
export function* fields(bytes: Uint8Array): Generator<Field> {
	let at = 0;
	const varint = (): number => {
		let value = 0;
		for (let scale = 1; at < bytes.length; scale *= 128) {
			const byte = bytes[at++]!;
			value += (byte & 127) * scale;
			if (byte < 128) return value;
		}
		return Number.NaN;
	};
	while (at < bytes.length) {
		const tag = varint();
		const number = Math.floor(tag / 8);
		const type = tag % 8;
		if (type === 0) {
			yield { number, value: varint() };
		} else if (type === 2) {
			const length = varint();
			if (!(at + length <= bytes.length)) return;
			yield { number, value: bytes.subarray(at, at + length) };
			at += length;
		} else if (type === 1 || type === 5) at += type === 1 ? 8 : 4;
		else return;
	}
}

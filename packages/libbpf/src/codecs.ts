/** How a type of C lies in bytes. The machine's and the kernel's order is little-endian wherever this package runs. */
export interface Codec<T> {
	readonly size: number;
	/** What its address is a multiple of in a struct. */
	readonly align: number;
	read(view: DataView, at: number): T;
	write(view: DataView, at: number, value: T): void;
}

/** The type of a codec's values: `type Event = Value<typeof event>`. */
export type Value<C> = C extends Codec<infer T> ? T : never;

function integer(size: 1 | 2 | 4, signed: boolean): Codec<number> {
	const name = `${signed ? "Int" : "Uint"}${size * 8}` as "Int8" | "Uint8" | "Int16" | "Uint16" | "Int32" | "Uint32";
	return {
		size,
		align: size,
		read: (view, at) => view[`get${name}`](at, true),
		write: (view, at, value) => view[`set${name}`](at, value, true),
	};
}

export const u8: Codec<number> = integer(1, false);
export const u16: Codec<number> = integer(2, false);
export const u32: Codec<number> = integer(4, false);
export const i8: Codec<number> = integer(1, true);
export const i16: Codec<number> = integer(2, true);
export const i32: Codec<number> = integer(4, true);

/** A `__u64` as a number: exact below 2^53. {@linkcode big64} is exact everywhere. */
export const u64: Codec<number> = {
	size: 8,
	align: 8,
	read: (view, at) => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32,
	write: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
};

/** A `__u64` as a bigint. */
export const big64: Codec<bigint> = {
	size: 8,
	align: 8,
	read: (view, at) => view.getBigUint64(at, true),
	write: (view, at, value) => view.setBigUint64(at, value, true),
};

/** Bytes as they are: `__u8 addr[16]`. */
export function bytes(size: number): Codec<Uint8Array> {
	return {
		size,
		align: 1,
		read: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, size).slice(),
		write: (view, at, value) => {
			if (value.byteLength > size)
				throw new RangeError(`Cannot write ${value.byteLength} bytes: there is room for ${size}`);
			new Uint8Array(view.buffer, view.byteOffset + at, size).fill(0).set(value);
		},
	};
}

/** A C string in a field of fixed size: `char comm[16]`. */
export function text(size: number): Codec<string> {
	const raw = bytes(size);
	return {
		...raw,
		read: (view, at) => {
			const all = raw.read(view, at);
			const end = all.indexOf(0);
			return new TextDecoder().decode(end < 0 ? all : all.subarray(0, end));
		},
		write: (view, at, value) => raw.write(view, at, new TextEncoder().encode(value)),
	};
}

/** An array of `length` values. */
export function array<T>(item: Codec<T>, length: number): Codec<T[]> {
	return {
		size: item.size * length,
		align: item.align,
		read: (view, at) => Array.from({ length }, (_, i) => item.read(view, at + i * item.size)),
		write: (view, at, values) => {
			if (values.length !== length)
				throw new RangeError(`Cannot write ${values.length} values: the array has ${length}`);
			for (const [i, value] of values.entries()) item.write(view, at + i * item.size, value);
		},
	};
}

/** A C struct: fields in order, each where the compiler puts it, padding included. */
export function struct<F extends Readonly<Record<string, Codec<unknown>>>>(
	fields: F,
): Codec<{ -readonly [Name in keyof F]: Value<F[Name]> }> {
	type Struct = { [Name in keyof F]: Value<F[Name]> };
	const places: { name: keyof F; at: number; codec: Codec<unknown> }[] = [];
	let end = 0;
	let align = 1;
	for (const [name, field] of Object.entries(fields)) {
		const codec = field as unknown as Codec<unknown>;
		end = Math.ceil(end / codec.align) * codec.align;
		places.push({ name, at: end, codec });
		end += codec.size;
		align = Math.max(align, codec.align);
	}
	return {
		size: Math.ceil(end / align) * align,
		align,
		read: (view, at) =>
			Object.fromEntries(places.map((place) => [place.name, place.codec.read(view, at + place.at)])) as Struct,
		write: (view, at, value) => {
			for (const place of places) place.codec.write(view, at + place.at, value[place.name]);
		},
	};
}

/** Bytes of a record or a value as their type. Longer ones may have more behind it, as flexible arrays do. */
export function decode<T>(codec: Codec<T>, from: Uint8Array): T {
	if (from.byteLength < codec.size) {
		throw new RangeError(`Cannot read ${codec.size} bytes: there are ${from.byteLength}`);
	}
	return codec.read(new DataView(from.buffer, from.byteOffset, from.byteLength), 0);
}

/** A value as bytes. */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
	const into = new Uint8Array(codec.size);
	codec.write(new DataView(into.buffer), 0, value);
	return into;
}

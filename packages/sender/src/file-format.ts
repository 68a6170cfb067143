/**
 * `delimited`: each message behind its length as a varint, as protobuf's parseDelimitedFrom reads them. A function: what it
 * makes of a message becomes a line; it must contain no line break, JSON for instance.
 */
export type FileFormat = "delimited" | ((message: Uint8Array) => string);

/** Turns a unit's messages into the bytes of a file. */
export function encoderOf(format: FileFormat): (messages: readonly Uint8Array[]) => Uint8Array {
	if (typeof format === "function") {
		return (messages) => Buffer.from(messages.map((message) => `${format(message)}\n`).join(""));
	}
	return (messages) => Buffer.concat(messages.flatMap((message) => [varint(message.length), message]));
}

function varint(value: number): Uint8Array {
	const bytes: number[] = [];
	for (let rest = value; ; rest = Math.floor(rest / 128)) {
		if (rest < 128) return Uint8Array.from([...bytes, rest]);
		bytes.push((rest % 128) + 128);
	}
}

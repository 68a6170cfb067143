import protobuf from "protobufjs/minimal.js";
import { EBPFAccessLogMessage, type Message } from "../generated/schema.generated.js";

type Varint64 = number | { toNumber(): number };

/** protobufjs declares Long for 64-bit fields, and leaves it to the reader: ours gives numbers. */
interface OpenReader extends Omit<protobuf.Reader, "uint64" | "int64"> {
	uint64(): Varint64;
	int64(): Varint64;
}
const Reader = protobuf.Reader as unknown as new (bytes: Uint8Array) => OpenReader;

/** The generated decoder reads through this: 64-bit fields become numbers, fields that are not known are skipped. */
class NumberReader extends Reader {
	constructor(bytes: Uint8Array) {
		super(bytes);
		this.discardUnknown = true;
	}

	override uint64(): number {
		return toNumber(super.uint64());
	}

	override int64(): number {
		return toNumber(super.int64());
	}
}

function toNumber(value: Varint64): number {
	return typeof value === "number" ? value : value.toNumber();
}

/**
 * One message of the contract as an object, 64-bit fields as numbers (exact up to 2^53). Fields that are zero or empty
 * are not there, as in the bytes. Throws when the bytes are not a message.
 */
export function decodeMessage(bytes: Uint8Array): Message {
	return EBPFAccessLogMessage.decode(new NumberReader(bytes));
}

import {
	type Connection,
	encodeConnection,
	encodeKernelLogs,
	encodeTransaction,
	type JsonLineOptions,
	jsonLine,
	type Operation,
	splitKernelLogs,
	type TextLineOptions,
	type Transaction,
	textLine,
	Writer,
} from "@wirescribe/access-log";
import { LINE, MESSAGE, type OutputBuffer } from "./output.ts";

/** Where a partition's finished records go. `sequence` counts the records of one connection. */
export interface RecordOutput {
	/** A transaction with exactly its operations; also a half that found no partner, which says so. */
	transaction(transaction: Transaction, operations: readonly Operation[], sequence: number): void;
	/** Operations that belong to no transaction: connect, accept, close, and what nobody claimed. */
	operations(connection: Connection, operations: readonly Operation[], sequence: number): void;
}

const NOTHING = new Uint8Array(0);

export type LineFormat =
	| ({ readonly output: "json" } & JsonLineOptions)
	| ({ readonly output: "text" } & TextLineOptions);

/** One line a transaction. Operations without a transaction have no line. */
export class LineOutput implements RecordOutput {
	readonly #frames: OutputBuffer;
	readonly #line: (transaction: Transaction) => string;
	readonly #encoder = new TextEncoder();

	constructor(frames: OutputBuffer, format: LineFormat) {
		this.#frames = frames;
		this.#line =
			format.output === "json"
				? (transaction) => jsonLine(transaction, format)
				: (transaction) => textLine(transaction, format);
	}

	transaction(transaction: Transaction, _operations: readonly Operation[], sequence: number): void {
		const { connection } = transaction;
		const line = this.#encoder.encode(`${this.#line(transaction)}\n`);
		this.#frames.push(LINE, connection.socketId, connection.version, transaction.endNs, sequence, NOTHING, line);
	}

	operations(): void {}
}

/**
 * Fields of the collector's messages. A connection's description is encoded once a version.
 *
 * A half without a status has no place in the collector's protocol log (a status would be made up): its operations
 * go as plain kernel logs.
 */
export class MessageOutput implements RecordOutput {
	readonly #frames: OutputBuffer;
	readonly #preambles = new WeakMap<Connection, Uint8Array>();

	constructor(frames: OutputBuffer) {
		this.#frames = frames;
	}

	transaction(transaction: Transaction, operations: readonly Operation[], sequence: number): void {
		const { connection } = transaction;
		if (transaction.status === null || transaction.request === null) {
			this.operations(connection, operations, sequence);
			return;
		}
		const parts = splitKernelLogs(operations);
		for (let index = 0; index < parts.length - 1; index++) {
			this.operations(connection, parts[index] as Operation[], sequence);
		}
		const preamble = this.#preamble(connection);
		this.#frames.begin(preamble);
		encodeTransaction(this.#frames.writer, transaction, parts.at(-1) ?? []);
		this.#end(connection, transaction.endNs, sequence, preamble);
	}

	operations(connection: Connection, operations: readonly Operation[], sequence: number): void {
		for (const part of splitKernelLogs(operations)) {
			if (part.length === 0) continue;
			const preamble = this.#preamble(connection);
			this.#frames.begin(preamble);
			encodeKernelLogs(this.#frames.writer, part);
			this.#end(connection, (part.at(-1) as Operation).endNs, sequence, preamble);
		}
	}

	#end({ socketId, version }: Connection, endNs: number, sequence: number, preamble: Uint8Array): void {
		this.#frames.end(MESSAGE, socketId, version, endNs, sequence, preamble.length);
	}

	#preamble(connection: Connection): Uint8Array {
		let preamble = this.#preambles.get(connection);
		if (!preamble) {
			const writer = new Writer(256);
			encodeConnection(writer, connection);
			preamble = writer.finish();
			this.#preambles.set(connection, preamble);
		}
		return preamble;
	}
}

import type { Operation } from "@wirescribe/access-log";

/** An operation with the direction it moved bytes in: what attribution needs beside the record's fields. */
export interface LoggedOperation extends Operation {
	readonly direction: number;
}

/** Of all that rest: never changed. */
const NOTHING: LoggedOperation[] = [];

/**
 * The operations of one connection that have not gone out yet, by data id.
 *
 * ```
 * #operations:  3 in | 4 out | 5 in | 6 out        ids of one connection, shared by both directions
 *                 └─request──┐  └ next request      a transaction claims its direction's ids in [first, last]
 *                    response┘
 * ```
 *
 * Operations arrive nearly always in id order; a late one is put in place from the end.
 */
export class OperationLog {
	#operations: LoggedOperation[] = NOTHING;

	get size(): number {
		return this.#operations.length;
	}

	/** Nothing is in it, and nothing has come for a while: it gives its room back. */
	rest(): void {
		if (this.#operations.length === 0) this.#operations = NOTHING;
	}

	add(operation: LoggedOperation): void {
		if (this.#operations === NOTHING) this.#operations = [];

		const list = this.#operations;
		let at = list.length;
		while (at > 0 && (list[at - 1] as LoggedOperation).dataId > operation.dataId) at--;
		if (at === list.length) list.push(operation);
		else list.splice(at, 0, operation);
	}

	/**
	 * Moves the operations of one message to `into`: its direction's ids from `first` to `last`. An operation that the
	 * next message shares (`lastShared`) is reported and kept.
	 */
	claim(direction: number, first: number, last: number, lastShared: boolean, into: LoggedOperation[]): void {
		const list = this.#operations;
		const start = this.#indexOf(first);
		let kept = start;
		let end = start;
		for (; end < list.length; end++) {
			const operation = list[end] as LoggedOperation;
			if (operation.dataId > last) break;
			const claimed = operation.direction === direction;
			if (claimed) into.push(operation);
			if (!claimed || (lastShared && operation.dataId === last)) list[kept++] = operation;
		}
		if (kept === end) return;
		// Popped, not cut off: an array whose length is set gives its memory back, and asks for it again at once.
		while (end < list.length) list[kept++] = list[end++] as LoggedOperation;
		while (list.length > kept) list.pop();
	}

	/** Where the first operation with this id or a later one stands. */
	#indexOf(dataId: number): number {
		const list = this.#operations;
		let low = 0;
		let high = list.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if ((list[middle] as LoggedOperation).dataId < dataId) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	/** Takes what ended before `beforeNs` and no transaction has claimed. */
	takeOlder(beforeNs: number): LoggedOperation[] {
		const list = this.#operations;
		if (list.length === 0 || (list[0] as LoggedOperation).endNs >= beforeNs) return [];
		const older = list.filter((operation) => operation.endNs < beforeNs);
		this.#operations = list.filter((operation) => operation.endNs >= beforeNs);
		return older;
	}

	takeAll(): LoggedOperation[] {
		const all = this.#operations;
		this.#operations = NOTHING;
		return all;
	}
}

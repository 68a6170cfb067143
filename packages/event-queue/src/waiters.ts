/** How long, and until what, a call may wait. */
export interface WaitOptions {
	/** When it fires, the wait ends: the promise rejects with the signal's reason. */
	readonly signal?: AbortSignal | undefined;
	readonly timeoutMs?: number | undefined;
}

interface Waiter<I, R> {
	readonly item: I;
	resolve(result: R): void;
	reject(error: unknown): void;
}

/** Those who wait, first come first. Whoever gives up (signal, timeout) leaves the line at once. */
export class Waiters<I, R> {
	readonly #line: Set<Waiter<I, R>> = new Set();

	get size(): number {
		return this.#line.size;
	}

	/** Gets in line. `timedOut` says what becomes of one that waited too long: a result, or an error that it throws. */
	wait(item: I, options: WaitOptions, timedOut: () => R): Promise<R> {
		const { signal, timeoutMs } = options;
		return new Promise<R>((resolve, reject) => {
			if (signal?.aborted) {
				reject(signal.reason);
				return;
			}
			let timer: ReturnType<typeof setTimeout> | undefined;
			const leave = (): void => {
				this.#line.delete(waiter);
				clearTimeout(timer);
				signal?.removeEventListener("abort", abort);
			};
			const waiter: Waiter<I, R> = {
				item,
				resolve: (result) => {
					leave();
					resolve(result);
				},
				reject: (error) => {
					leave();
					reject(error);
				},
			};
			const abort = (): void => waiter.reject(signal?.reason);
			signal?.addEventListener("abort", abort, { once: true });
			if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY) {
				timer = setTimeout(() => {
					try {
						waiter.resolve(timedOut());
					} catch (error) {
						waiter.reject(error);
					}
				}, timeoutMs);
			}
			this.#line.add(waiter);
		});
	}

	/** Lets the first in line go with what `settle` makes of what it brought. */
	release(settle: (item: I) => R): void {
		for (const waiter of this.#line) {
			// Out of the line first: `settle` may release others.
			this.#line.delete(waiter);
			waiter.resolve(settle(waiter.item));
			return;
		}
	}

	/** Sends everybody away. */
	rejectAll(error: unknown): void {
		for (const waiter of [...this.#line]) waiter.reject(error);
	}
}

/** The promise that `start` makes, or the signal's reason, whichever comes first. */
export async function abortable<T>(start: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (!signal) return await start();
	signal.throwIfAborted();
	let abort: () => void = () => {};
	const aborted = new Promise<never>((_, reject) => {
		abort = () => reject(signal.reason);
		signal.addEventListener("abort", abort);
	});
	try {
		return await Promise.race([start(), aborted]);
	} finally {
		signal.removeEventListener("abort", abort);
	}
}

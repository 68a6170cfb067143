import { abortable, type WaitOptions } from "./waiters.ts";

/** What is missing where a runtime has no `Atomics.waitAsync`: looked for this often instead. */
const POLL_MS = 1;
/** Woken at the latest after this: a pending `waitAsync` alone does not keep a process or a worker alive. */
const NAP_MS = 100;

type Word = Int32Array<SharedArrayBuffer>;

/** Sleeps on this thread until word `at` is no longer `seen`, or the time is up. */
export function sleepOn(words: Word, at: number, seen: number, ms: number): void {
	Atomics.wait(words, at, seen, ms);
}

/** The same without blocking the thread; rejects with the signal's reason. */
export async function napOn(words: Word, at: number, seen: number, wait: WaitOptions): Promise<void> {
	const ms = Math.min(NAP_MS, wait.timeoutMs ?? NAP_MS);
	let timer: ReturnType<typeof setTimeout> | undefined;
	try {
		await abortable(() => {
			const timeUp = new Promise<void>((resolve) => {
				timer = setTimeout(resolve, typeof Atomics.waitAsync === "function" ? ms : Math.min(ms, POLL_MS));
			});
			if (typeof Atomics.waitAsync !== "function") return timeUp;
			const { async, value } = Atomics.waitAsync(words, at, seen, ms);
			return async ? Promise.race([value.then(() => {}), timeUp]) : Promise.resolve();
		}, wait.signal);
	} finally {
		clearTimeout(timer);
	}
}

import { constants, PerformanceObserver } from "node:perf_hooks";
import process from "node:process";

let live: number | undefined;
let watching = false;

/**
 * Bytes that the last full collection left of the JavaScript heap: what is really held, while the heap that is in use holds garbage
 * besides, more of it the fewer collections are needed. Undefined until there was one, and in Deno and Bun, which do not tell.
 */
export function liveHeapBytes(): number | undefined {
	return live;
}

/** Once for the process; it neither keeps it alive nor needs an end. */
export function watchLiveHeap(): void {
	if (watching || !PerformanceObserver.supportedEntryTypes?.includes("gc")) return;
	watching = true;
	new PerformanceObserver((list) => {
		if (list.getEntries().some(isFullCollection)) live = process.memoryUsage().heapUsed;
	}).observe({ entryTypes: ["gc"] });
}

/** `PerformanceEntry` has no `detail` in all of Node's types. */
function isFullCollection(entry: object): boolean {
	return "detail" in entry && (entry.detail as { readonly kind?: number }).kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

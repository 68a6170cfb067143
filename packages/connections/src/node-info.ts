import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { monotonicClock } from "./monotonic-clock.ts";

export interface NetworkInterface {
	readonly index: number;
	readonly mtu: number;
	readonly name: string;
}

/** This machine, as a collector wants to know it. Plain data: it can be recorded and replayed. */
export interface NodeInfo {
	readonly name: string;
	readonly interfaces: readonly NetworkInterface[];
	/** Wall clock at the zero of CLOCK_MONOTONIC: event times are added to it. */
	readonly bootTime: { readonly seconds: number; readonly nanos: number };
}

export function nodeInfo(monotonicNs: () => number = monotonicClock()): NodeInfo {
	return { name: hostname(), interfaces: networkInterfaces(), bootTime: bootTime(monotonicNs) };
}

/** The interfaces of this network namespace, by index; loopback included. */
export function networkInterfaces(folder = "/sys/class/net"): NetworkInterface[] {
	const interfaces: NetworkInterface[] = [];
	for (const name of names(folder)) {
		try {
			const number = (file: string): number => Number(readFileSync(`${folder}/${name}/${file}`, "utf8"));
			interfaces.push({ index: number("ifindex"), mtu: number("mtu"), name });
		} catch {
			// Not an interface (`bonding_masters`), or gone since the folder was read.
		}
	}
	return interfaces.sort((a, b) => a.index - b.index);
}

function names(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}

/**
 * Now minus CLOCK_MONOTONIC. `Date.now()` counts whole milliseconds, so the other clock is read when it has just
 * changed; a reading that came late makes the difference too small, so the largest of a few is the best.
 */
export function bootTime(monotonicNs: () => number): { seconds: number; nanos: number } {
	let best = edge(monotonicNs);
	for (let i = 0; i < 2; i++) {
		const next = edge(monotonicNs);
		if (next.seconds > best.seconds || (next.seconds === best.seconds && next.nanos > best.nanos)) best = next;
	}
	return best;
}

function edge(monotonicNs: () => number): { seconds: number; nanos: number } {
	const first = Date.now();
	let wall = first;
	while (wall === first) wall = Date.now();
	const mono = monotonicNs();
	// In two parts: nanoseconds since 1970 do not fit a double.
	const seconds = Math.floor(wall / 1000) - Math.floor(mono / 1e9);
	const nanos = (wall % 1000) * 1e6 - Math.round(mono % 1e9);
	return nanos < 0 ? { seconds: seconds - 1, nanos: nanos + 1e9 } : { seconds, nanos };
}

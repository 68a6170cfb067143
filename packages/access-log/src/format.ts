import type { Address, Instant } from "./types.ts";

let cachedSecond = Number.NaN;
let cachedText = "";

/** Seconds since 1970 as `2026-11-21T01:44:05`. Lines come many to a second: the last one is remembered. */
function dateAndTime(seconds: number): string {
	if (seconds !== cachedSecond) {
		cachedText = new Date(seconds * 1000).toISOString().slice(0, -5);
		cachedSecond = seconds;
	}
	return cachedText;
}

/**
 * The wall clock at `ns` of the monotonic clock, RFC 3339 in UTC with all nine decimals: `bootTime` is the wall clock at
 * its zero. Computed in whole numbers, so exact to the nanosecond.
 */
export function formatTime(bootTime: Instant, ns: number): string {
	const whole = Math.floor(ns / 1e9);
	let seconds = bootTime.seconds + whole;
	let nanos = bootTime.nanos + Math.floor(ns - whole * 1e9);
	if (nanos >= 1e9) {
		nanos -= 1e9;
		seconds++;
	}
	return `${dateAndTime(seconds)}.${(nanos + 1e9).toString().slice(1)}Z`;
}

/** `ip:port`, `[ip6]:port`. */
export function formatAddress({ ip, port }: Address): string {
	return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** The path with every value of its query written as `x`, also those without a name: names, and values that are empty, stay. */
export function maskQuery(path: string): string {
	const query = path.indexOf("?");
	if (query === -1) return path;
	return path.slice(0, query) + path.slice(query).replace(/=[^&]+|(?<=[?&])[^&=]+(?![^&])/g, maskPair);
}

function maskPair(pair: string): string {
	return pair.startsWith("=") ? "=x" : "x";
}

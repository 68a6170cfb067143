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
	return path.slice(0, query + 1) + path.slice(query + 1).replace(/[^&]+/g, maskPair);
}

function maskPair(pair: string): string {
	const value = pair.indexOf("=") + 1;
	return value > 0 && value === pair.length ? pair : `${pair.slice(0, value)}x`;
}

/** What could move a terminal's cursor, or hide in it: control and format characters, lone surrogates. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text from the wire as a terminal may see it: what could move its cursor, or hide in it, is written as `\x1b` or `\u202e`. */
export function printable(text: string): string {
	return text.replace(unprintable, (character) => {
		const code = character.codePointAt(0) ?? 0;
		return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
	});
}

const units = ["B", "KB", "MB", "GB", "TB"];

/** Bytes for people, in powers of 1000: `853B`, `1.2KB`, `64MB`. */
export function formatBytes(bytes: number): string {
	let value = bytes;
	let unit = 0;
	while (value >= 1000 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)}${units[unit]}`;
}

/** A duration in nanoseconds for people: `76us`, `1.2ms`, `2.04s`. */
export function formatDuration(ns: number): string {
	if (ns < 1e6) return `${Math.round(ns / 1e3)}us`;
	if (ns < 1e9) return `${(ns / 1e6).toFixed(ns < 1e7 ? 1 : 0)}ms`;
	return `${(ns / 1e9).toFixed(2)}s`;
}

/** `AF_INET` and `AF_INET6`, as the kernel numbers them. */
export type AddressFamily = 2 | 10;

/** Numbers as text, made once: addresses are formatted for every connection. */
const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, value) => String(value));

function formatIPv4(bytes: Uint8Array, at: number): string {
	return `${OCTETS[bytes[at]!]}.${OCTETS[bytes[at + 1]!]}.${OCTETS[bytes[at + 2]!]}.${OCTETS[bytes[at + 3]!]}`;
}

/**
 * An address as text: IPv6 in the form of RFC 5952 (lower case, no leading zeros, the longest run of two or more zero
 * groups as `::`, the first of equals), and IPv4-mapped IPv6 as the IPv4 address it stands for.
 */
export function formatAddress(bytes: Uint8Array, family: AddressFamily): string {
	const needed = family === 2 ? 4 : 16;
	if (bytes.length < needed) {
		throw new RangeError(`Cannot format an address of family ${family}: ${bytes.length} bytes, needs ${needed}`);
	}
	if (family === 2) return formatIPv4(bytes, 0);
	if (isMapped(bytes)) return formatIPv4(bytes, 12);
	const groups = Array.from({ length: 8 }, (_, i) => (bytes[i * 2]! << 8) | bytes[i * 2 + 1]!);
	const [start, length] = longestZeroRun(groups);
	const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
	if (length < 2) return hex(groups);
	return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** `1.2.3.4:80`, `[::1]:80`. */
export function formatEndpoint(ip: string, port: number): string {
	return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** ::ffff:0:0/96 */
function isMapped(bytes: Uint8Array): boolean {
	for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
	return bytes[10] === 0xff && bytes[11] === 0xff;
}

function longestZeroRun(groups: readonly number[]): [start: number, length: number] {
	let best: [number, number] = [0, 0];
	for (let i = 0; i < groups.length; i++) {
		let end = i;
		while (groups[end] === 0) end++;
		if (end - i > best[1]) best = [i, end - i];
		if (end > i) i = end;
	}
	return best;
}

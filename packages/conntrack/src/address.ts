/** `10.0.0.1` as 4 bytes, `fd00::1` as 16, for lookups of addresses that are text. */
export function parseAddress(text: string): Uint8Array {
	const bytes = text.includes(":") ? parseIPv6(text) : parseIPv4(text);
	if (!bytes) throw new TypeError(`Cannot parse '${text}': it is neither an IPv4 nor an IPv6 address`);
	return bytes;
}

/** An IPv4-mapped IPv6 address is an IPv4 one to conntrack. */
export function unmapped(bytes: Uint8Array): Uint8Array {
	if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return bytes;
	for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return bytes;
	return bytes.subarray(12);
}

function parseIPv4(text: string): Uint8Array | undefined {
	const parts = text.split(".");
	if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
	return Uint8Array.from(parts, Number);
}

function parseIPv6(text: string): Uint8Array | undefined {
	const halves = text.split("::");
	if (halves.length > 2) return undefined;
	const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":").flatMap(groupBytes)));
	const missing = 16 - head.length - tail.length;
	if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
	const bytes = [...head, ...new Array<number>(missing).fill(0), ...tail];
	return bytes.every((byte) => byte >= 0) ? Uint8Array.from(bytes) : undefined;
}

/** -1 for what is no group; the last one may be an IPv4 address. */
function groupBytes(group: string): number[] {
	if (group.includes(".")) return [...(parseIPv4(group) ?? [-1, -1, -1, -1])];
	if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return [-1, -1];
	const value = Number.parseInt(group, 16);
	return [value >> 8, value & 255];
}

/** One direction of a TCP connection, as packets carry it. Addresses are 4 or 16 bytes in network order. */
export interface Tuple {
	readonly src: Uint8Array;
	readonly dst: Uint8Array;
	readonly sport: number;
	readonly dport: number;
}

/** A tuple to look up, in either direction. */
export interface LookupTuple extends Tuple {
	/** Conntrack zone; 0, the default one, if not told. */
	readonly zone?: number;
}

/** What conntrack knows about a connection. */
export interface ConntrackEntry {
	/** As its first packet was, before any translation. */
	readonly original: Tuple;
	/** As its answers are: what `original` would be the reverse of without translation. */
	readonly reply: Tuple;
	/** Bits of the kernel's `IPS_*`; see {@linkcode STATUS}. */
	readonly status: number;
	readonly mark: number;
	readonly zone: number;
	/** Seconds until the entry expires. */
	readonly timeoutSeconds: number;
}

/**
 * Why there is no answer. `no-entry`: not tracked (any more). `not-permitted`: CAP_NET_ADMIN is missing. `no-module`: the
 * kernel has no conntrack, or no netlink for it. `busy`: the answer was lost or did not come in time; ask again later.
 */
export type MissReason = "no-entry" | "not-permitted" | "no-module" | "busy";

export interface Miss {
	readonly miss: MissReason;
}

export type LookupResult = ConntrackEntry | Miss;

/** The bits of {@linkcode ConntrackEntry.status}, the kernel's `enum ip_conntrack_status`. */
export const STATUS: {
	readonly expected: number;
	readonly seenReply: number;
	readonly assured: number;
	readonly confirmed: number;
	readonly srcNat: number;
	readonly dstNat: number;
	readonly seqAdjust: number;
	readonly srcNatDone: number;
	readonly dstNatDone: number;
	readonly dying: number;
	readonly fixedTimeout: number;
	readonly template: number;
	readonly helper: number;
	readonly offload: number;
	readonly hwOffload: number;
} = {
	expected: 1,
	seenReply: 2,
	assured: 4,
	confirmed: 8,
	srcNat: 16,
	dstNat: 32,
	seqAdjust: 64,
	srcNatDone: 128,
	dstNatDone: 256,
	dying: 512,
	fixedTimeout: 1024,
	template: 2048,
	helper: 8192,
	offload: 16_384,
	hwOffload: 32_768,
};

export type StatusName = keyof typeof STATUS;

/** The names of the bits that are set. */
export function statusNames(status: number): StatusName[] {
	return (Object.keys(STATUS) as StatusName[]).filter((name) => (status & STATUS[name]) !== 0);
}

/** Whether an address or a port was translated. */
export function isTranslated(entry: ConntrackEntry): boolean {
	return (entry.status & (STATUS.srcNat | STATUS.dstNat)) !== 0;
}

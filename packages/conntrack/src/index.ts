/**
 * Who is really at the other end of a translated connection: exact lookups in nf_conntrack over netlink.
 *
 * One socket for each `Conntrack`, closed with it; synchronous, on the calling thread, in the network namespace that
 * thread was in when it was opened. It never dumps the table, never blocks longer than its timeout, and never throws for
 * what the kernel says.
 *
 * @module
 */
export { parseAddress } from "./address.ts";
export { Conntrack, type ConntrackOptions } from "./conntrack.ts";
export {
	type ConntrackEntry,
	type LookupResult,
	type LookupTuple,
	type Miss,
	type MissReason,
	STATUS,
	type Tuple,
} from "./tuple.ts";

/**
 * Who is really at the other end of a translated connection: exact lookups in nf_conntrack over netlink.
 *
 * One socket for each `Conntrack` and each `ConntrackEvents`, closed with it; synchronous, on the calling thread, in the
 * network namespace it was opened in: a given one, or the thread's own. It never dumps the table, never blocks longer than its timeout, and never throws for
 * what the kernel says.
 *
 * @module
 */
export { parseAddress } from "./address.ts";
export { Conntrack, type ConntrackOptions } from "./conntrack.ts";
export {
	ConntrackCache,
	type ConntrackCacheOptions,
	type ConntrackCacheStats,
	type LookupSource,
} from "./conntrack-cache.ts";
export { ConntrackError } from "./conntrack-error.ts";
export { type ConntrackEventSink, ConntrackEvents, type ConntrackEventsOptions } from "./conntrack-events.ts";
export {
	type ConntrackEntry,
	isTranslated,
	type LookupResult,
	type LookupTuple,
	type Miss,
	type MissReason,
	STATUS,
	type StatusName,
	statusNames,
	type Tuple,
} from "./tuple.ts";

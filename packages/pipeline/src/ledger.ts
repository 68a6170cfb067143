/**
 * The ledger: three identities that say where every operation, message and record went.
 *
 * (a) operations, counted in the kernel and at the drain:
 *     `seen = skipped + submitted + lost`, `submitted = drained + inRing`
 * (b) messages, counted by the kernel's classification and the parser:
 *     `requestStartsRead + requestStartsLost + requestStartsNotWatched = logged + partial + unpaired + left out + lost + open`
 * (c) records, counted by whoever delivers them:
 *     `accepted = acked + retained + spooled + lost`
 */

/** What a partition counts. Sums of several partitions are again one. */
export interface PartitionLedger {
	/** Operation events consumed, by the kernel's sequence of one queue. */
	readonly operationsDrained: number;
	/** Connection and close events consumed. */
	readonly otherEventsDrained: number;
	/** Events that could not be read: their header said an unknown kind or a size that does not fit. */
	readonly malformedEvents: number;
	readonly requestStartsRead: number;
	/** Transactions with both halves, nothing missing. */
	readonly logged: number;
	/** Transactions with both halves, something of them not known. */
	readonly partial: number;
	/** Requests handed out without a response. */
	readonly unpaired: number;
	/** Requests that a policy left out, by its reason: filter, sample, rate limit. */
	readonly leftOut: Readonly<Record<string, number>>;
	/** Responses handed out without a request: no request start was read for them. */
	readonly unpairedResponses: number;
	/** Those of them that a policy left out. */
	readonly unpairedResponsesLeftOut: number;
	/** Requests read that still wait for the rest of themselves or for their response. */
	readonly open: number;
	/** Requests that were read and not handed out in any form. Zero, or a defect. */
	readonly lost: number;
	readonly connectionsOpen: number;
	readonly connectionsClosed: number;
	/** Of the closed ones: their end was lost, and found by asking. */
	readonly connectionsEndedUnseen: number;
	/** Of the closed ones: they had to make room. */
	readonly connectionsEvicted: number;
	/** Closed connections that were forgotten before their time: late events of them open them again. */
	readonly tombstonesEvicted: number;
	/** Connections that are TLS, and those of them of which plaintext was seen. */
	readonly tlsConnections: number;
	readonly tlsConnectionsRead: number;
	/** Operations that went out with a transaction, and without one. */
	readonly operationsAttributed: number;
	/** Operations of transactions that a policy left out. */
	readonly operationsLeftOut: number;
	readonly operationsPlain: number;
	/** Operations of connections that turned out not to be HTTP: not reported unless asked. */
	readonly operationsNotHttp: number;
	/** Operations whose connection was already gone. */
	readonly operationsLate: number;
	/** Operations of connections that are left out by what the kernel does not know. */
	readonly operationsNotSelected: number;
	/** Reasons of partial and unpaired messages, with how often each was given. */
	readonly reasons: Readonly<Record<string, number>>;
}

export interface OperationCounts {
	readonly seen: number;
	readonly skipped: Readonly<Record<string, number>>;
	readonly submitted: number;
	readonly lost: Readonly<Record<string, number>>;
	readonly drained: number;
	readonly inRing: number;
	readonly programRunMisses: number;
}

export interface RecordCounts {
	readonly accepted: number;
	readonly acked: number;
	readonly retained: number;
	readonly spooled: number;
	readonly lost: Readonly<Record<string, number>>;
	/** Sent more than once, because the peer's answer to the first time is not known. */
	readonly resent: { readonly units: number; readonly records: number };
}

export interface Ledger {
	readonly operations: (OperationCounts & { readonly balanced: boolean }) | null;
	readonly messages: {
		readonly requestStartsRead: number;
		readonly requestStartsLost: number;
		/** Those that began on connections that are not watched, to keep a budget; left out as `not-watched`. */
		readonly requestStartsNotWatched: number;
		readonly logged: number;
		readonly partial: number;
		readonly unpaired: number;
		/** On purpose, by reason. */
		readonly leftOut: Readonly<Record<string, number>>;
		readonly lost: number;
		readonly open: number;
		readonly unpairedResponses: number;
		readonly unpairedResponsesLeftOut: number;
		readonly reasons: Readonly<Record<string, number>>;
		readonly balanced: boolean;
	};
	readonly records: RecordCounts & { readonly balanced: boolean };
	readonly attribution: {
		readonly attributed: number;
		readonly leftOut: number;
		readonly plain: number;
		readonly notHttp: number;
		readonly late: number;
		readonly notSelected: number;
		readonly malformed: number;
	};
	readonly connections: {
		readonly open: number;
		readonly closed: number;
		readonly endedUnseen: number;
		readonly evicted: number;
		readonly tombstonesEvicted: number;
	};
	readonly tls: {
		readonly connections: number;
		/** Those of which plaintext was seen. */
		readonly read: number;
		/** Processes that spoke TLS while none of their files could be watched. */
		readonly notVisible: readonly TlsNotVisible[];
		/** Files on whose functions programs were attached. */
		readonly watched: readonly TlsWatched[];
	};
	/** How each budget was kept, by its name; without budgets there is none. */
	readonly protection: Readonly<Record<string, ProtectionCounts>>;
}

/** How one budget was kept. */
export interface ProtectionCounts {
	/** The step that is taken now. */
	readonly step: string;
	/** Seconds that were spent on each step, and how often it was come to. */
	readonly steps: Readonly<Record<string, { readonly seconds: number; readonly entered: number }>>;
}

/** A process whose TLS cannot be read. */
export interface TlsNotVisible {
	readonly pid: number;
	readonly comm: string;
	readonly reason: string;
}

/** A file with a TLS library's functions. */
export interface TlsWatched {
	readonly path: string;
	readonly functions: readonly string[];
	/** Where each of them is watched, and what a probe there costs. */
	readonly probes: readonly string[];
	/** Processes that have it now, as far as is known. */
	readonly processes: number;
	/** Why nothing could be attached. */
	readonly error?: string;
}

export interface LedgerSources {
	/** Null on replay: what the kernel skipped or lost is in the recording's own ledger. */
	readonly operations: OperationCounts | null;
	/** Request starts that the kernel classified and could not submit. */
	readonly requestStartsLost: number;
	/** Request starts on sockets that the kernel was told not to watch. */
	readonly requestStartsNotWatched?: number;
	readonly partitions: readonly PartitionLedger[];
	readonly records: RecordCounts;
	readonly tlsNotVisible?: readonly TlsNotVisible[];
	readonly tlsWatched?: readonly TlsWatched[];
	readonly protection?: Readonly<Record<string, ProtectionCounts>>;
}

export function sum(counts: Readonly<Record<string, number>>): number {
	let total = 0;
	for (const name of Object.keys(counts)) total += counts[name] as number;
	return total;
}

/** Adds partitions up. */
export function sumPartitions(partitions: readonly PartitionLedger[]): PartitionLedger {
	const total: Record<string, number> = {};
	const reasons: Record<string, number> = {};
	const leftOut: Record<string, number> = {};
	for (const partition of [emptyPartitionLedger(), ...partitions]) {
		for (const [name, value] of Object.entries(partition)) {
			if (typeof value === "number") total[name] = (total[name] ?? 0) + value;
		}
		addCounts(reasons, partition.reasons);
		addCounts(leftOut, partition.leftOut);
	}
	return { ...total, reasons, leftOut } as unknown as PartitionLedger;
}

function addCounts(into: Record<string, number>, counts: Readonly<Record<string, number>>): void {
	for (const [name, count] of Object.entries(counts)) into[name] = (into[name] ?? 0) + count;
}

export function emptyPartitionLedger(): PartitionLedger {
	return {
		operationsDrained: 0,
		otherEventsDrained: 0,
		malformedEvents: 0,
		requestStartsRead: 0,
		logged: 0,
		partial: 0,
		unpaired: 0,
		leftOut: {},
		unpairedResponses: 0,
		unpairedResponsesLeftOut: 0,
		open: 0,
		lost: 0,
		connectionsOpen: 0,
		connectionsClosed: 0,
		connectionsEndedUnseen: 0,
		connectionsEvicted: 0,
		tombstonesEvicted: 0,
		tlsConnections: 0,
		tlsConnectionsRead: 0,
		operationsAttributed: 0,
		operationsLeftOut: 0,
		operationsPlain: 0,
		operationsNotHttp: 0,
		operationsLate: 0,
		operationsNotSelected: 0,
		reasons: {},
	};
}

/** Brings the three identities together and says of each whether it holds. */
export function makeLedger(sources: LedgerSources): Ledger {
	const total = sumPartitions(sources.partitions);
	const operations = sources.operations;
	const records = sources.records;
	const notWatched = sources.requestStartsNotWatched ?? 0;
	const ended = total.logged + total.partial + total.unpaired + sum(total.leftOut) + total.lost + total.open;
	return {
		operations: operations && {
			...operations,
			balanced:
				operations.seen === sum(operations.skipped) + operations.submitted + sum(operations.lost) &&
				operations.submitted === operations.drained + operations.inRing,
		},
		messages: {
			requestStartsRead: total.requestStartsRead,
			requestStartsLost: sources.requestStartsLost,
			requestStartsNotWatched: notWatched,
			logged: total.logged,
			partial: total.partial,
			unpaired: total.unpaired,
			leftOut: notWatched > 0 ? { ...total.leftOut, "not-watched": notWatched } : total.leftOut,
			lost: total.lost + sources.requestStartsLost,
			open: total.open,
			unpairedResponses: total.unpairedResponses,
			unpairedResponsesLeftOut: total.unpairedResponsesLeftOut,
			reasons: total.reasons,
			balanced: total.requestStartsRead === ended,
		},
		records: {
			...records,
			balanced: records.accepted === records.acked + records.retained + records.spooled + sum(records.lost),
		},
		attribution: {
			attributed: total.operationsAttributed,
			leftOut: total.operationsLeftOut,
			plain: total.operationsPlain,
			notHttp: total.operationsNotHttp,
			late: total.operationsLate,
			notSelected: total.operationsNotSelected,
			malformed: total.malformedEvents,
		},
		connections: {
			open: total.connectionsOpen,
			closed: total.connectionsClosed,
			endedUnseen: total.connectionsEndedUnseen,
			evicted: total.connectionsEvicted,
			tombstonesEvicted: total.tombstonesEvicted,
		},
		tls: {
			connections: total.tlsConnections,
			read: total.tlsConnectionsRead,
			notVisible: sources.tlsNotVisible ?? [],
			watched: sources.tlsWatched ?? [],
		},
		protection: sources.protection ?? {},
	};
}

/** True when every identity that applies holds. */
export function isBalanced(ledger: Ledger): boolean {
	return (ledger.operations?.balanced ?? true) && ledger.messages.balanced && ledger.records.balanced;
}

/** The ledger for people: three lines, then what was lost and why, if anything was. */
export function ledgerText(ledger: Ledger): string {
	const lines: string[] = [];
	const { operations, messages, records } = ledger;
	if (operations) {
		lines.push(
			`operations  ${operations.seen} seen = ${sum(operations.skipped)} skipped${parts(operations.skipped)} + ${operations.submitted} submitted + ${sum(operations.lost)} lost${parts(operations.lost)}` +
				`; submitted = ${operations.drained} drained + ${operations.inRing} in ring${verdict(operations.balanced)}`,
		);
	}
	lines.push(
		`requests    ${messages.requestStartsRead} read + ${messages.requestStartsLost} lost in the kernel${messages.requestStartsNotWatched > 0 ? ` + ${messages.requestStartsNotWatched} not watched` : ""} = ${messages.logged} logged + ${messages.partial} partial + ${messages.unpaired} unpaired + ${sum(messages.leftOut)} left out${parts(messages.leftOut)} + ${messages.lost} lost + ${messages.open} open${verdict(messages.balanced)}`,
	);
	if (Object.keys(messages.reasons).length > 0) lines.push(`            why:${parts(messages.reasons)}`);
	lines.push(
		`records     ${records.accepted} accepted = ${records.acked} acked + ${records.retained} retained + ${records.spooled} spooled + ${sum(records.lost)} lost${parts(records.lost)}` +
			`${records.resent.units > 0 ? `; sent again: ${records.resent.records} in ${records.resent.units} units` : ""}${verdict(records.balanced)}`,
	);
	if (operations && operations.programRunMisses > 0) {
		lines.push(`missed      ${operations.programRunMisses} program runs that the kernel skipped (recursion)`);
	}
	if (ledger.tls.connections > 0) {
		lines.push(`tls         ${ledger.tls.connections} connections, of ${ledger.tls.read} plaintext was seen`);
	}
	for (const { pid, comm, reason } of ledger.tls.notVisible) {
		lines.push(`            ${comm} (${pid}): TLS, not visible, because ${reason}`);
	}
	for (const [budget, { step, steps }] of Object.entries(ledger.protection)) {
		lines.push(`protection  ${budget}: ${step} now; ${Object.entries(steps).map(stepText).join(", ")}`);
	}
	return `${lines.join("\n")}\n`;
}

function stepText([step, { seconds, entered }]: [string, { seconds: number; entered: number }]): string {
	return `${step} ${seconds.toFixed(0)} s${entered > 1 ? ` (${entered}x)` : ""}`;
}

function parts(counts: Readonly<Record<string, number>>): string {
	const some = Object.entries(counts).filter(([, count]) => count > 0);
	return some.length === 0 ? "" : ` {${some.map(([name, count]) => `${name} ${count}`).join(", ")}}`;
}

function verdict(balanced: boolean): string {
	return balanced ? "" : "  ** does not balance **";
}

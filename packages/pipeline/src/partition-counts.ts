import type { LeftOutReason, Transaction } from "@wirescribe/access-log";
import type { Exchange } from "@wirescribe/http1-parser";
import { emptyPartitionLedger, type PartitionLedger } from "./ledger.ts";

/** What is asked of a connection that is over. */
interface EndedConnection {
	readonly requestStartsRead: number;
	readonly open: number;
	readonly description: { readonly tls: boolean };
	readonly tlsRead: boolean;
}

/** Of the connections that live now. */
interface LiveCounts {
	readonly connections: number;
	readonly evictedOpen: number;
	readonly evictedClosed: number;
	readonly requestStarts: number;
	readonly open: number;
	readonly tls: number;
	readonly tlsRead: number;
}

/** The counters of one partition, counted up where things happen. */
export class PartitionCounts {
	operationsDrained = 0;
	otherEventsDrained = 0;
	malformedEvents = 0;
	/** Of connections that have ended; those that live are asked when the ledger is made. */
	endedRequestStarts = 0;
	/** Requests that were still open when their connection was given up: not handed out in any form. */
	lost = 0;
	logged = 0;
	partial = 0;
	unpaired = 0;
	unpairedResponses = 0;
	connectionsClosed = 0;
	connectionsEndedUnseen = 0;
	endedTls = 0;
	endedTlsRead = 0;
	unpairedResponsesLeftOut = 0;
	operationsAttributed = 0;
	operationsLeftOut = 0;
	operationsPlain = 0;
	operationsNotHttp = 0;
	operationsLate = 0;
	operationsNotSelected = 0;
	readonly reasons: Record<string, number> = {};
	readonly leftOutReasons: Record<string, number> = {};

	exchange(exchange: Exchange, operations: number): void {
		this.operationsAttributed += operations;
		if (exchange.request === undefined) this.unpairedResponses++;
		else if (exchange.response === undefined) this.unpaired++;
		else if (exchange.partial.length > 0) this.partial++;
		else this.logged++;
		if (exchange.unpaired !== undefined) this.#reason(exchange.unpaired, 1);
		for (const reason of exchange.partial) this.#reason(reason, 1);
	}

	/** One of the exchanges before is not handed out after all: the policy says why. */
	leftOut(transaction: Transaction, why: LeftOutReason): void {
		this.operationsAttributed -= transaction.operations;
		this.operationsLeftOut += transaction.operations;
		if (transaction.unpaired !== null) this.#reason(transaction.unpaired, -1);
		for (const reason of transaction.partial) this.#reason(reason, -1);
		if (transaction.request === null) {
			this.unpairedResponses--;
			this.unpairedResponsesLeftOut++;
			return;
		}
		if (transaction.response === null) this.unpaired--;
		else if (transaction.partial.length > 0) this.partial--;
		else this.logged--;
		this.leftOutReasons[why] = (this.leftOutReasons[why] ?? 0) + 1;
	}

	/** A connection is over: its own counters end here. What it still held open was not handed out. */
	ended(connection: EndedConnection): void {
		this.connectionsClosed++;
		if (connection.description.tls) this.endedTls++;
		if (connection.tlsRead) this.endedTlsRead++;
		this.endedRequestStarts += connection.requestStartsRead;
		this.lost += connection.open;
	}

	#reason(reason: string, count: 1 | -1): void {
		const total = (this.reasons[reason] ?? 0) + count;
		if (total === 0) delete this.reasons[reason];
		else this.reasons[reason] = total;
	}

	ledger(live: LiveCounts): PartitionLedger {
		const requestStartsRead = this.endedRequestStarts + live.requestStarts;
		return {
			...emptyPartitionLedger(),
			operationsDrained: this.operationsDrained,
			otherEventsDrained: this.otherEventsDrained,
			malformedEvents: this.malformedEvents,
			requestStartsRead,
			logged: this.logged,
			partial: this.partial,
			unpaired: this.unpaired,
			unpairedResponses: this.unpairedResponses,
			unpairedResponsesLeftOut: this.unpairedResponsesLeftOut,
			open: live.open,
			lost: this.lost,
			connectionsOpen: live.connections,
			connectionsClosed: this.connectionsClosed,
			connectionsEndedUnseen: this.connectionsEndedUnseen,
			connectionsEvicted: live.evictedOpen,
			tombstonesEvicted: live.evictedClosed,
			tlsConnections: this.endedTls + live.tls,
			tlsConnectionsRead: this.endedTlsRead + live.tlsRead,
			operationsAttributed: this.operationsAttributed,
			operationsLeftOut: this.operationsLeftOut,
			operationsPlain: this.operationsPlain,
			operationsNotHttp: this.operationsNotHttp,
			operationsLate: this.operationsLate,
			operationsNotSelected: this.operationsNotSelected,
			reasons: { ...this.reasons },
			leftOut: { ...this.leftOutReasons },
		};
	}
}

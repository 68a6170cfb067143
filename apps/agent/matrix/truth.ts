/**
 * What really crossed a connection, told by an end of it that counts: header and body bytes as on the wire.
 */
export interface Exchange {
	readonly method: string;
	readonly path: string;
	/** Null: the connection ended without an answer. */
	readonly status: number | null;
	readonly request: readonly [head: number, body: number];
	readonly response: readonly [head: number, body: number] | null;
	/** The connection broke inside the exchange: the sizes are what this end has sent and read. */
	readonly cut?: boolean;
}

/** What a program itself says of an exchange; what it does not count is left out. */
export interface Account {
	readonly path: string;
	readonly method?: string;
	readonly status: number | null;
	/** Body bytes that were read, decoded. */
	readonly received?: number;
	/** Everything of the request, of the response. */
	readonly requestBytes?: number;
	readonly responseBytes?: number;
	readonly cut?: boolean;
}

export type Side = "client" | "server";

/** One client, one server, one scenario: what happened, and by whom it is told. */
export interface Cell {
	readonly client: string;
	readonly server: string;
	readonly scenario: string;
	readonly port: number;
	readonly tls: boolean;
	readonly truth: readonly Exchange[];
	/** The end whose counts the truth is. */
	readonly teller: Side;
	/** What the other end, or a second counter of the same, says. */
	readonly accounts: readonly Account[];
	readonly pids: Readonly<Record<Side, readonly number[]>>;
	/** Exchanges that may be unfinished because the client stopped when its time was over. */
	readonly openEnds: number;
	/** Its client pipelines, and reads on from inside of bodies: heads that follow there are not copied, and the tool says so. */
	readonly readsOn: boolean;
	/** The traffic itself went wrong. */
	readonly complaint?: string;
}

import type { TlsNotVisible } from "@wirescribe/pipeline";
import type { Line } from "../test/wirescribe.ts";
import type { Account, Cell, Exchange, Side } from "./truth.ts";

/** What a half says that stands alone where bytes between messages were not copied. */
const UNCERTAIN = ["order-unknown", "response-lost", "request-lost", "head-not-captured"];

/** The lines of the tool, to be asked by the port of the server, the side and the path. */
export class LineIndex {
	readonly #lines = new Map<string, Line[]>();
	readonly #unasked = new Set<Line>();

	constructor(lines: readonly Line[]) {
		for (const line of lines) {
			const server = line.role === "server" ? line.local : line.remote;
			const key = `${server.slice(server.lastIndexOf(":") + 1)} ${line.role} ${line.path}`;
			const found = this.#lines.get(key);
			if (found) found.push(line);
			else this.#lines.set(key, [line]);
			this.#unasked.add(line);
		}
	}

	find(port: number, side: Side, path: string): readonly Line[] {
		const found = this.#lines.get(`${port} ${side} ${path}`) ?? [];
		for (const line of found) this.#unasked.delete(line);
		return found;
	}

	/** Responses whose request the tool does not tell, because it cannot. */
	takeAlone(port: number, side: Side): void {
		for (const line of this.#lines.get(`${port} ${side} null`) ?? []) {
			if (line.partial.some((reason) => UNCERTAIN.includes(reason))) this.#unasked.delete(line);
		}
	}

	/** Lines that no exchange of the truth has asked for: made up. */
	unasked(): readonly Line[] {
		return [...this.#unasked];
	}
}

/** `right`, or the reason that the tool gives for what it has not, or what is wrong. */
export interface Verdict {
	readonly kind: "right" | "reported" | "wrong";
	readonly words: readonly string[];
}

/** Reasons that a line may give where the connection broke inside the exchange, or got no answer. */
const BROKEN = ["cut-by-close", "no-response"];
/** Of a chunked body in large pieces not every chunk line is copied: the tool says so, and gives the size on the wire. */
const CHUNKED = ["chunk-lines-not-captured"];

/** Compares one side of a cell with what the tool has logged of it. */
export function judge(cell: Cell, side: Side, index: LineIndex, notVisible: readonly TlsNotVisible[]): Verdict {
	const wrong: string[] = [];
	const notes = new Set<string>();
	const uncertain = new Set<string>();
	let seen = 0;
	let unfinished = 0;
	for (const exchange of cell.truth) {
		const lines = index.find(cell.port, side, exchange.path);
		seen += lines.length;
		const line = lines[0];
		if (lines.length !== 1 || line === undefined) {
			wrong.push(`${exchange.method} ${short(exchange.path)}: ${lines.length} lines`);
		} else if (cell.openEnds > 0 && line.partial.some((reason) => BROKEN.includes(reason))) {
			unfinished++;
		} else if (cell.readsOn && line.partial.some((reason) => UNCERTAIN.includes(reason))) {
			for (const reason of line.partial) uncertain.add(reason);
		} else {
			const words = differences(cell, side, exchange, line);
			if (words.length > 0) wrong.push(`${exchange.method} ${short(exchange.path)}: ${words.join(", ")}`);
			for (const reason of line.partial) notes.add(reason);
		}
	}
	if (unfinished > cell.openEnds) wrong.push(`${unfinished} unfinished, at most ${cell.openEnds} can be`);
	const hidden = notVisible.find(({ pid }) => cell.pids[side].includes(pid));
	if (cell.tls && seen === 0 && hidden) return { kind: "reported", words: [`TLS, not visible: ${hidden.reason}`] };
	if (wrong.length > 0) return { kind: "wrong", words: wrong };
	if (uncertain.size > 0) {
		index.takeAlone(cell.port, side);
		return { kind: "reported", words: [...uncertain] };
	}
	return { kind: "right", words: [...notes] };
}

/** A path as a sentence can hold it. */
export function short(path: string): string {
	return path.length > 100 ? `${path.slice(0, 100)}…` : path;
}

function differences(cell: Cell, side: Side, exchange: Exchange, line: Line): string[] {
	const words: string[] = [];
	const same = (what: string, got: unknown, truth: unknown): void => {
		if (got !== truth) words.push(`${what} ${got} for ${truth}`);
	};
	same("method", line.method, exchange.method);
	same("tls", line.tls, cell.tls);
	same("request head", line.request?.header_bytes, exchange.request[0]);
	if (exchange.cut && side !== cell.teller) return [...words, ...beyondCut(cell, exchange, line)];
	same("status", line.status, exchange.status);
	same("request body", line.request?.body_bytes, exchange.request[1]);
	same("response head", line.response?.header_bytes, exchange.response?.[0]);
	same("response body", line.response?.body_bytes, exchange.response?.[1]);
	const broken = exchange.cut || exchange.status === null;
	const allowed = broken ? [...BROKEN, ...CHUNKED] : cell.scenario.startsWith("chunked") ? CHUNKED : [];
	for (const reason of line.partial) if (!allowed.includes(reason)) words.push(reason);
	if (broken && !line.partial.some((reason) => BROKEN.includes(reason))) words.push("no word of the break");
	return words;
}

/** Beyond a break the other end has sent at least what the teller has read, and read at most what the teller has sent. */
function beyondCut(cell: Cell, exchange: Exchange, line: Line): string[] {
	const [sent, read] =
		cell.teller === "client"
			? [line.response?.body_bytes, line.request?.body_bytes]
			: [line.request?.body_bytes, line.response?.body_bytes];
	const [toldRead, toldSent] =
		cell.teller === "client"
			? [exchange.response?.[1], exchange.request[1]]
			: [exchange.request[1], exchange.response?.[1]];
	const words: string[] = [];
	if (toldRead !== undefined && (sent ?? -1) < toldRead) words.push(`sent ${sent}, of which ${toldRead} were read`);
	if ((read ?? 0) > (toldSent ?? 0)) words.push(`read ${read}, of which ${toldSent} were sent`);
	return words;
}

/** Compares the truth with what a program says itself: two counters of the same traffic. */
export function contradictions(cell: Cell): string[] {
	if (cell.complaint) return [cell.complaint];
	const words: string[] = [];
	const accounts = new Map<string, Account[]>();
	for (const account of cell.accounts) accounts.set(account.path, [...(accounts.get(account.path) ?? []), account]);
	for (const exchange of cell.truth) {
		const told = accounts.get(exchange.path) ?? [];
		accounts.delete(exchange.path);
		if (exchange.cut || exchange.status === null || told.length === 0) continue;
		if (told.length > 1) words.push(`${short(exchange.path)}: told ${told.length} times`);
		words.push(...contradictionsOf(exchange, told[0] as Account, cell.scenario));
	}
	const told = cell.accounts.length;
	const whole = cell.truth.filter(({ cut, status }) => !cut && status !== null).length;
	if (told > 0 && told < whole - cell.openEnds) words.push(`the truth has ${whole} exchanges, the program ${told}`);
	for (const path of accounts.keys()) words.push(`the program tells of ${short(path)}, the truth does not`);
	return words;
}

function contradictionsOf(exchange: Exchange, account: Account, scenario: string): string[] {
	const words: string[] = [];
	const same = (what: string, told: unknown, truth: unknown): void => {
		if (told !== undefined && told !== truth) {
			words.push(`${short(exchange.path)}: ${what} ${truth}, the program tells ${told}`);
		}
	};
	const [requestHead, requestBody] = exchange.request;
	const [responseHead, responseBody] = exchange.response ?? [0, 0];
	same("method", account.method, exchange.method);
	same("status", account.status, exchange.status);
	// Programs count what follows on a connection that is no longer HTTP, Apache what it has read ahead as well.
	const tunnel = exchange.status === 101;
	if (!tunnel && scenario !== "pipelining") same("request bytes", account.requestBytes, requestHead + requestBody);
	// They differ in whether they count the 100 Continue.
	if (!tunnel && scenario !== "expect") same("response bytes", account.responseBytes, responseHead + responseBody);
	if (!scenario.startsWith("chunked")) same("received", account.received, responseBody);
	return words;
}

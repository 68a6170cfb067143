/** The tables of the capture's benchmark. */

/** Nanoseconds a call, see bench/tools/calls.c. */
export interface CallTimes {
	readonly unhooked: number;
	readonly other: number;
	readonly exchange: number;
}

/** One load on nginx. */
export interface LoadTurn {
	/** Requests a second. */
	readonly rate: number;
	/** The server's time on its processor for each request, the kernel's part included. */
	readonly serverUs: number;
	/** The reader's for each request. */
	readonly readerUs: number;
	/** What the reader counted, warm-up included, and the bytes the kernel put into the ring for it. */
	readonly requests: number;
	readonly bytes: number;
}

type Rounds<T> = Readonly<Record<string, readonly T[]>>;

const best = <T>(rounds: Rounds<T>, name: string, pick: (one: T) => number): number =>
	Math.min(...(rounds[name] ?? []).map(pick));

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
	return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

const KINDS = [
	["unhooked", "getppid (no program attached to it)"],
	["other", "read of /dev/zero (hooked, no socket)"],
	["exchange", "write or read of a small request or response"],
] as const;

export function callsTable(times: Rounds<CallTimes>): string {
	const rows = KINDS.map(([kind, title]) => {
		const [none, elsewhere, watched] = ["none", "elsewhere", "watched"].map((name) =>
			best(times, name, (one) => one[kind]),
		) as [number, number, number];
		return [title, ...[none, elsewhere - none, watched - none].map((ns) => ns.toFixed(0))];
	});
	return table(["system call, ns", "nothing attached", "added, watched elsewhere", "added, watched"], rows);
}

const TITLES = [
	["none", "nothing attached"],
	["elsewhere", "programs attached, another port watched"],
	["c-consumer", "C consumer, server's side"],
	["drain", "the package's own reader in Node, server's side"],
] as const;

export function loadTable(ceiling: Rounds<LoadTurn>, fixed: Rounds<LoadTurn>, rate: number): string {
	const unobserved = best(ceiling, "none", ({ serverUs }) => serverUs);
	const highest = (name: string): number => -best(ceiling, name, (turn) => -turn.rate);
	const rows = TITLES.map(([name, title]) => {
		const server = best(ceiling, name, ({ serverUs }) => serverUs);
		const bytes = best(ceiling, name, (turn) => turn.bytes / turn.requests);
		const reader = best(fixed, name, ({ readerUs }) => readerUs);
		return [
			title,
			Math.round(highest(name)).toLocaleString("en-US"),
			(highest(name) / highest("none")).toFixed(2),
			server.toFixed(2),
			(server - unobserved).toFixed(2),
			Number.isFinite(bytes) && bytes > 0 ? bytes.toFixed(0) : "–",
			Number.isFinite(reader) ? reader.toFixed(2) : "–",
		];
	});
	const head = ["nginx", "ceiling, requests/s", "of unobserved", "server µs/request", "added", "ring bytes/request"];
	return [
		table([...head, `reader µs/request at ${rate.toLocaleString("en-US")}/s`], rows),
		"",
		goal(
			"added to the server for a plain request",
			best(ceiling, "c-consumer", ({ serverUs }) => serverUs) - unobserved,
			2,
			"µs",
		),
		goal(
			"reader's time, of the C consumer's",
			best(fixed, "drain", ({ readerUs }) => readerUs) / best(fixed, "c-consumer", ({ readerUs }) => readerUs),
			1.5,
			"x",
		),
	].join("\n");
}

function goal(what: string, value: number, most: number, unit: string): string {
	return `- ${what}: ${value.toFixed(2)} ${unit} (goal: at most ${most}): ${value <= most ? "met" : "**not met**"}`;
}

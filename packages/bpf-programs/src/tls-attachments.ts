import type { BpfObject, Link } from "@wirescribe/libbpf";
import { LinkCloser } from "./link-closer.ts";

/** What runs at a place in a TLS library, or in a program that contains one. */
export type TlsProgram =
	/** The function was entered: what counts. */
	| "enter_tls"
	/** It returns, where its result is known. */
	| "exit_tls"
	/** On trial beside `enter_tls`: is the call the same here? */
	| "try_tls_entry"
	/** On trial beside `exit_tls`: is the result? */
	| "try_tls_exit"
	/** The same of Go's crypto/tls, whose registers are others; `exit_go_tls` belongs at return instructions. */
	| "enter_go_tls"
	| "exit_go_tls";

/** By the shape of the function: `_ex` leaves the number of bytes at its fourth argument, the others return it. */
export type TlsCall = "read" | "read_ex" | "write" | "write_ex" | "handshake";

/** A place in a file, and what to run there. */
export interface TlsPoint {
	readonly program: TlsProgram;
	readonly call: TlsCall;
	/** Bytes from the start of the file. */
	readonly offset: number;
	/** The place is the start of a function, or has its stack pointer: run when the function returns. Never in Go. */
	readonly atReturn: boolean;
	/** Of {@linkcode Capture.beginTlsTrial}. Default: none. */
	readonly trial?: number;
}

/** How many calls have shown the same at a function's other sites, and how many have not. */
export interface TlsTrialResult {
	readonly passed: number;
	readonly failed: number;
}

/** One link for all places of a file (Linux 6.6), or one for each. */
export type TlsLinks = "many" | "single";

/** The cookie of a place, as bpf/tls-trial.bpf.h takes it apart. */
const COOKIE: Readonly<Record<TlsCall, number>> = {
	handshake: 1,
	read: 48,
	read_ex: 48 | 0x100,
	write: 49,
	write_ex: 49 | 0x100,
};
const TRIAL_SHIFT = 65_536;
/** As in bpf/tls-trial.bpf.h; slot 0 is nobody's. */
const MAX_TRIALS = 1024;

const cookieOf = ({ call, trial = 0 }: TlsPoint): number => COOKIE[call] + trial * TRIAL_SHIFT;

/** The links of one {@linkcode TlsAttachments.attach}. */
class Attached implements Disposable {
	readonly links: Link[] = [];

	[Symbol.dispose](): void {
		for (const link of this.links.splice(0)) link.close();
	}
}

/** The programs on user-space functions of a loaded object: attached, and let go. */
export class TlsAttachments {
	readonly #object: BpfObject;
	readonly #links: TlsLinks;
	#closer: LinkCloser | undefined;
	#trials = 0;

	constructor(object: BpfObject, links: TlsLinks) {
		this.#object = object;
		this.#links = links;
	}

	/** All of them or none. */
	attach(path: string, points: readonly TlsPoint[]): Disposable {
		const attached = new Attached();
		try {
			if (points.some(({ program }) => program === "enter_go_tls")) this.#object.setGlobal("go_is_watched", 1);
			for (const group of groups(points)) attached.links.push(...this.#link(path, group));
			return attached;
		} catch (error) {
			attached[Symbol.dispose]();
			throw error;
		}
	}

	release(attached: readonly Disposable[]): void {
		const links = attached.flatMap((one) => (one instanceof Attached ? one.links.splice(0) : []));
		if (links.length === 0) return;
		this.#closer ??= new LinkCloser();
		this.#closer.close(links);
	}

	beginTrial(): number {
		this.#trials = (this.#trials % (MAX_TRIALS - 1)) + 1;
		this.#object.map("tls_trials").set(this.#trials, new Uint8Array(16));
		return this.#trials;
	}

	trial(slot: number): TlsTrialResult {
		const value = this.#object.map("tls_trials").get(slot);
		if (value === undefined) throw new RangeError(`Cannot ask for trial ${slot}: it was not begun`);
		const view = new DataView(value.buffer, value.byteOffset);
		return { passed: view.getUint32(0, true), failed: view.getUint32(8, true) };
	}

	end(): void {
		this.#closer?.end();
	}

	#link(path: string, points: readonly TlsPoint[]): Link[] {
		const { program: name, atReturn } = points[0]!;
		const program = this.#object.program(name);
		const places = points.map((point) => ({ offset: point.offset, cookie: cookieOf(point) }));
		if (this.#links === "many") return [program.attachUprobes({ path, places, atReturn })];
		const links: Link[] = [];
		try {
			for (const place of places) links.push(program.attachUprobe({ path, atReturn, ...place }));
			return links;
		} catch (error) {
			for (const link of links) link.close();
			throw error;
		}
	}
}

/** Those that one link can hold, in the order of the first of each: exits stay before entries. */
function groups(points: readonly TlsPoint[]): TlsPoint[][] {
	const byKind = new Map<string, TlsPoint[]>();
	for (const point of points) {
		const kind = `${point.program} ${point.atReturn}`;
		const group = byKind.get(kind);
		if (group) group.push(point);
		else byKind.set(kind, [point]);
	}
	return [...byKind.values()];
}

import process from "node:process";
import type { NodeInfo } from "@wirescribe/access-log";
import type { RecordCounts } from "@wirescribe/pipeline";
import type { WatchOptions } from "../cli/watch-options.ts";
import { HeldFrames } from "./held-frames.ts";
import type { DeliveryState, Outlet } from "./outlet.ts";
import { addCounts, NO_RECORDS, withoutSpooled } from "./record-counts.ts";
import { Retirement } from "./retirement.ts";
import { openSenderOutlet } from "./sender-outlet.ts";
import { StdoutOutlet } from "./stdout-outlet.ts";

/** How long a sender delivers whose successor waits for its spool: what is left then lies there. */
const HANDOVER_MS = 2_000;

/** What a partition must make for the outlets that the options ask for. */
export interface OutputPlan {
	readonly lines: "text" | "json" | undefined;
	readonly messages: boolean;
	readonly color: boolean;
}

type Destination = Pick<WatchOptions, "backend" | "delivery" | "output">;

/** With a backend, lines are made only when asked for; without one, always: text on a terminal, else JSON. */
export function planOutput(options: Pick<WatchOptions, "backend" | "output">): OutputPlan {
	const terminal = process.stdout.isTTY === true;
	const byDefault = options.backend ? undefined : terminal ? "text" : "json";
	return { lines: options.output ?? byDefault, messages: options.backend !== undefined, color: terminal };
}

/** The outlets of one plan: each takes of the frames what it understands. */
export interface OutletSet {
	sender: Outlet | undefined;
	readonly stdout: Outlet | undefined;
}

/** Hands a partition's frames to the outlets of the plan that they were made by. */
export function handOut({ sender, stdout }: OutletSet, buffer: ArrayBuffer): void {
	sender?.frames(buffer);
	stdout?.frames(buffer);
}

/**
 * The outlets, and those that they have replaced while these still have something to deliver.
 *
 *     open ──► set 0 ──succeed──► set 1 ──► …      a sender or stdout that both plans have alike is in both sets
 *                └──retire──► drained, closed; their counts stay
 *
 * The record identity is the backend's when there is one, else that of stdout; over several sets it is the sum.
 */
export class Outlets {
	readonly #node: () => NodeInfo;
	readonly #onGone: () => void;
	readonly #retiring = new Set<Retirement>();
	/** Those whose records are in the ledger. */
	readonly #counted = new Set<Outlet>();
	#destination: Destination | undefined;
	#current: OutletSet = { sender: undefined, stdout: undefined };
	#retained = 1;
	/** Of those that are closed. */
	#past: RecordCounts = NO_RECORDS;

	private constructor(node: () => NodeInfo, onGone: () => void) {
		this.#node = node;
		this.#onGone = onGone;
	}

	/** `node` describes this machine, `onGone` is told when nobody reads stdout any more. */
	static async open(options: Destination, node: () => NodeInfo, onGone: () => void): Promise<Outlets> {
		const outlets = new Outlets(node, onGone);
		await outlets.succeed(options);
		return outlets;
	}

	/** One outlet that is not made of the options, and stays. */
	static only(outlet: Outlet): Outlets {
		const outlets = new Outlets(
			() => {
				throw new Error("Cannot describe the node: nothing is delivered");
			},
			() => {},
		);
		outlets.#current = { sender: undefined, stdout: outlet };
		outlets.#counted.add(outlet);
		return outlets;
	}

	/** The newest set. */
	get current(): OutletSet {
		return this.#current;
	}

	/** Makes the set for other options. Frames may still go to the one before, until it is retired. Throws, and changes nothing, when it cannot. */
	async succeed(options: Destination): Promise<OutletSet> {
		const plan = planOutput(options);
		const before = this.#current;
		const sender = await this.#sender(before, options);
		// One that has been counted must not go on beside a sender, which counts the same records.
		const alike = before.stdout !== undefined && (before.sender === undefined) === (sender === undefined);
		const stdout = !plan.lines ? undefined : alike ? before.stdout : new StdoutOutlet(this.#onGone);
		this.#destination = options;
		this.#current = { sender, stdout };
		const counted = sender ?? stdout;
		if (counted) this.#counted.add(counted);
		return this.#current;
	}

	/** Nothing more comes for this set: what the newest one does not have is drained and closed, beside everything else. */
	retire(set: OutletSet): void {
		const { sender, stdout } = this.#current;
		for (const outlet of [set.sender, set.stdout]) {
			if (outlet === undefined || outlet === sender || outlet === stdout) continue;
			const retirement = new Retirement(outlet, (counts) => this.#close(outlet, counts));
			this.#retiring.add(retirement);
			void retirement.done.finally(() => this.#retiring.delete(retirement));
		}
	}

	/** How much of the memory for records that wait may be used from now on: 0 to 1. */
	limitRetained(part: number): void {
		this.#retained = part;
		this.#current.sender?.limitRetained?.(part);
	}

	counts(): RecordCounts {
		return [...this.#counted].reduce((sum, outlet) => addCounts(sum, outlet.counts()), this.#past);
	}

	/** Of the newest set, whose records the ledger is about. */
	state(): DeliveryState {
		const { sender, stdout } = this.#current;
		return (sender ?? stdout)?.state?.() ?? { lanes: [], retainedBytes: 0 };
	}

	async close(deadlineMs: number): Promise<void> {
		const { sender, stdout } = this.#current;
		const retiring = [...this.#retiring].map((retirement) => retirement.hurry(deadlineMs));
		await Promise.all([sender?.close(deadlineMs), stdout?.close(deadlineMs), ...retiring]);
	}

	#close(outlet: Outlet, counts: RecordCounts): void {
		if (this.#counted.delete(outlet)) this.#past = addCounts(this.#past, counts);
	}

	async #sender(before: OutletSet, options: Destination): Promise<Outlet | undefined> {
		const old = this.#destination;
		if (!options.backend) return undefined;
		if (before.sender && old && sameDelivery(old, options)) return before.sender;
		const folder = options.delivery.spool?.folder;
		if (folder === undefined) return this.#open(options);
		if (before.sender && old && folder === old.delivery.spool?.folder) {
			return await this.#handOver(before, before.sender, old, options);
		}
		// An earlier one may have it still.
		await Promise.all([...this.#retiring].map((retirement) => retirement.hurry(HANDOVER_MS)));
		return this.#open(options);
	}

	/** Both have the same spool: the new one can open it only when the old one has let go. What comes meanwhile is held. */
	async #handOver(set: OutletSet, sender: Outlet, old: Destination, options: Destination): Promise<Outlet> {
		const held = new HeldFrames();
		set.sender = held;
		await sender.close(HANDOVER_MS);
		this.#close(sender, withoutSpooled(sender.counts()));
		let failure: unknown;
		const successor = await this.#open(options).catch((error: unknown) => {
			failure = error;
			// Its folder may have gone meanwhile: what was held must not be for nothing.
			return this.#open(old).catch(() => this.#open({ ...old, delivery: { ...old.delivery, spool: undefined } }));
		});
		held.release(successor);
		set.sender = successor;
		this.#counted.add(successor);
		if (failure !== undefined) throw failure;
		return successor;
	}

	async #open({ backend, delivery }: Destination): Promise<Outlet> {
		if (!backend) throw new Error("Cannot open a sender without a backend");
		const sender = await openSenderOutlet(backend, delivery, this.#node);
		sender.limitRetained?.(this.#retained);
		return sender;
	}
}

function sameDelivery(a: Destination, b: Destination): boolean {
	return JSON.stringify([a.backend, a.delivery]) === JSON.stringify([b.backend, b.delivery]);
}

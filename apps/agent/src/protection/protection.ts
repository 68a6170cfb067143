import type { ProtectionCounts } from "@wirescribe/pipeline";
import type { ProtectionOptions } from "../cli/protection-options.ts";
import { log } from "../logging/log.ts";
import { KeptBudget } from "./kept-budget.ts";
import { CPU_LADDER, MEMORY_LADDER, strictest, type Throttle, UNTHROTTLED } from "./ladder.ts";
import type { Usage } from "./usage.ts";

const TICK_MS = 1000;
/** In ticks. Memory is given back late: what was freed goes with the next collections. */
const CPU_PACE = { settle: 1, calm: 3 };
const MEMORY_PACE = { settle: 10, calm: 30 };

/** How a budget stands, for metrics. */
export interface BudgetState extends ProtectionCounts {
	readonly level: number;
	/** Of the budget, in the last second. */
	readonly usage: number;
}

/** How the budgets stand. Plain data. */
export interface ProtectionState {
	readonly budgets: Readonly<Record<string, BudgetState>>;
	readonly throttle: Throttle;
}

/**
 * Keeps the budgets of a running agent: looks every second at what it uses, and does less or more. Without budgets it does nothing at
 * all. `apply` makes a throttle hold everywhere; the next look waits for it.
 */
export class Protection {
	readonly #usage: () => Usage;
	readonly #apply: (throttle: Throttle) => Promise<void>;
	#budgets: readonly KeptBudget[] = [];
	#throttle: Throttle = UNTHROTTLED;
	#timer: ReturnType<typeof setInterval> | undefined;
	#atMs = 0;
	#applying: Promise<void> | undefined;

	constructor(usage: () => Usage, apply: (throttle: Throttle) => Promise<void>) {
		this.#usage = usage;
		this.#apply = apply;
	}

	/** What holds now. */
	get throttle(): Throttle {
		return this.#throttle;
	}

	/** Begins to keep these budgets, or other ones than before; those that are as they were go on where they are. */
	async keep({ cpus, memoryBytes }: ProtectionOptions): Promise<void> {
		const kept = (name: string, limit: number | undefined, make: (limit: number) => KeptBudget): KeptBudget[] => {
			if (limit === undefined) return [];
			return [this.#budgets.find((one) => one.name === name && one.limit === limit) ?? make(limit)];
		};
		this.#budgets = [
			...kept("cpu", cpus, (limit) => new KeptBudget("cpu", limit, CPU_LADDER, CPU_PACE)),
			...kept("memory", memoryBytes, (limit) => new KeptBudget("memory", limit, MEMORY_LADDER, MEMORY_PACE)),
		];
		if (this.#budgets.length === 0) this.#stopTimer();
		else this.#startTimer();
		await this.#hold();
	}

	state(): ProtectionState {
		const states = this.#budgets.map((one) => {
			return [one.name, { ...one.counts(), level: one.level, usage: one.usage }] as const;
		});
		return { budgets: Object.fromEntries(states), throttle: this.#throttle };
	}

	/** For the ledger. */
	counts(): Record<string, ProtectionCounts> {
		return Object.fromEntries(this.#budgets.map((one) => [one.name, one.counts()]));
	}

	/** Settles when nothing is changed any more. */
	async stop(): Promise<void> {
		this.#stopTimer();
		await this.#applying;
	}

	#startTimer(): void {
		if (this.#timer !== undefined) return;
		// What was used before, for the start, counts for nothing.
		this.#usage();
		this.#atMs = performance.now();
		this.#timer = setInterval(() => this.#tick(), TICK_MS);
		this.#timer.unref?.();
	}

	#stopTimer(): void {
		clearInterval(this.#timer);
		this.#timer = undefined;
	}

	#tick(): void {
		if (this.#applying) return;
		const usage = this.#usage();
		const nowMs = performance.now();
		const seconds = (nowMs - this.#atMs) / 1000;
		this.#atMs = nowMs;
		for (const budget of this.#budgets) {
			const before = budget.rung;
			const isCpu = budget.name === "cpu";
			if (!budget.observe(isCpu ? usage.cpus : usage.memoryBytes, seconds)) continue;
			const used = isCpu ? cpuText(usage.cpus, budget.limit) : memoryText(usage.memoryBytes, budget.limit);
			tell(`${budget.name} budget: ${used}: ${throttleText(budget.rung.throttle)}`, {
				budget: budget.name,
				from: before.step,
				step: budget.rung.step,
			});
		}
		this.#applying = this.#hold().finally(() => {
			this.#applying = undefined;
		});
	}

	async #hold(): Promise<void> {
		const throttle = strictest(this.#budgets.map(({ rung }) => rung.throttle));
		if (JSON.stringify(throttle) === JSON.stringify(this.#throttle)) return;
		this.#throttle = throttle;
		try {
			await this.#apply(throttle);
		} catch (error) {
			log.error(`cannot change how much is watched: ${(error as Error).message}`);
		}
	}
}

function tell(message: string, fields: Readonly<Record<string, string>>): void {
	log.warn(message, { pauseMs: 0, fields: { event: "protection", ...fields } });
}

function cpuText(cpus: number, limit: number): string {
	return `${percent(cpus)} of ${percent(limit)} of a CPU`;
}

function memoryText(bytes: number, limit: number): string {
	return `${Math.round(bytes / 2 ** 20)} of ${Math.round(limit / 2 ** 20)} MB`;
}

/** What is done, in words: the last step that is taken. */
function throttleText(throttle: Throttle): string {
	const { connections, detached, endpointPerSecond, retained, sampleRatio, watched } = throttle;
	if (detached) return "detached: nothing is watched for a while";
	if (watched < UNTHROTTLED.watched) return `part: one connection in ${UNTHROTTLED.watched / watched} is watched`;
	if (endpointPerSecond !== undefined) return `shed: at most ${endpointPerSecond} requests a second of each endpoint`;
	if (sampleRatio < 1) return `sample: ${percent(sampleRatio)} of the traces are logged, and all errors`;
	if (throttle.headLimit < UNTHROTTLED.headLimit) return "short: less of each operation is copied";
	if (connections < UNTHROTTLED.connections) return `connections: at most ${connections} are remembered`;
	if (retained < 1) return `retain: ${percent(retained)} of the memory for records that wait`;
	return "full: everything is logged again";
}

function percent(part: number): string {
	return `${Number((100 * part).toFixed(1))}%`;
}

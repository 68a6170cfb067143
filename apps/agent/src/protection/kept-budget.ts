import type { ProtectionCounts } from "@wirescribe/pipeline";
import { BudgetController, type Pace } from "./budget-controller.ts";
import { type Ladder, type Rung, type Step, stepsOf } from "./ladder.ts";

/** One budget: where it is kept on its ladder, and how long it was on each step. */
export class KeptBudget {
	readonly name: string;
	readonly limit: number;
	readonly #ladder: Ladder;
	readonly #controller: BudgetController;
	readonly #steps: Map<Step, { seconds: number; entered: number }>;
	/** The last usage, as a part of the limit. */
	usage = 0;

	constructor(name: string, limit: number, ladder: Ladder, pace: Pace) {
		this.name = name;
		this.limit = limit;
		this.#ladder = ladder;
		this.#controller = new BudgetController(ladder, pace);
		this.#steps = new Map(stepsOf(ladder).map((step) => [step, { seconds: 0, entered: 0 }]));
	}

	get rung(): Rung {
		return this.#ladder[this.#controller.position] as Rung;
	}

	/** The number of the step in the order of the ladder; 0: everything is done. */
	get level(): number {
		return [...this.#steps.keys()].indexOf(this.rung.step);
	}

	/** Takes what was used in the last `seconds`; says whether that makes another rung of it. */
	observe(used: number, seconds: number): boolean {
		this.usage = used / this.limit;
		const before = this.rung;
		this.#count(before.step).seconds += seconds;
		this.#controller.observe(this.usage);
		const { step } = this.rung;
		if (step !== before.step) this.#count(step).entered++;
		return this.rung !== before;
	}

	counts(): ProtectionCounts {
		return {
			step: this.rung.step,
			steps: Object.fromEntries([...this.#steps].map(([name, one]) => [name, { ...one }])),
		};
	}

	#count(step: Step): { seconds: number; entered: number } {
		return this.#steps.get(step) as { seconds: number; entered: number };
	}
}

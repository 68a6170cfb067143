import { describe, expect, it } from "vitest";
import { BudgetController } from "./budget-controller.ts";
import { CPU_LADDER, MEMORY_LADDER, type Rung } from "./ladder.ts";

const PACE = { settle: 1, calm: 3 };

/** What an agent would use of its budget on a rung: reading events costs most of it, whatever becomes of them. */
function usageOn({ throttle, step }: Rung, load: number): number {
	if (step === "detached") return 0;
	const written = throttle.endpointPerSecond === undefined ? throttle.sampleRatio : 0;
	return 0.05 + load * (throttle.watched / 1024) * (0.6 + 0.4 * written);
}

/** Runs a controller against loads, one for each second; the rung of each second and what was used on it. */
function run(controller: BudgetController, loads: readonly number[]): { rungs: number[]; usages: number[] } {
	const rungs: number[] = [];
	const usages: number[] = [];
	for (const load of loads) {
		const usage = usageOn(CPU_LADDER[controller.position] as Rung, load);
		rungs.push(controller.observe(usage));
		usages.push(usage);
	}
	return { rungs, usages };
}

const seconds = (count: number, load: number): number[] => Array.from({ length: count }, () => load);
const changes = (rungs: readonly number[]): number => rungs.filter((one, at) => at > 0 && one !== rungs[at - 1]).length;

describe("a budget's controller", () => {
	it("does nothing while the budget is kept, nor for a single second a little above it", () => {
		const controller = new BudgetController(CPU_LADDER, PACE);
		expect(run(controller, [...seconds(50, 0.8), 1.1, ...seconds(50, 0.8)]).rungs.every((one) => one === 0)).toBe(true);
	});

	it.each([1.2, 2, 5, 20, 100])("keeps it within ten seconds of %f times the load, and stays there", (load) => {
		const controller = new BudgetController(CPU_LADDER, PACE);
		const { rungs, usages } = run(controller, seconds(300, load));
		expect(Math.max(...usages.slice(10, 40))).toBeLessThanOrEqual(1);
		// Now and then it tries whether more can be done; ever more seldom where that fails.
		expect(changes(rungs.slice(10))).toBeLessThan(12);
		expect(usages.slice(10).filter((usage) => usage > 1).length).toBeLessThan(12);
	});

	it("takes no more than is needed: the steps in their order", () => {
		const steps = (load: number): string => {
			const controller = new BudgetController(CPU_LADDER, PACE);
			run(controller, seconds(40, load));
			return (CPU_LADDER[controller.position] as Rung).step;
		};
		expect([0.9, 1.1, 1.5, 3, 100].map(steps)).toEqual(["full", "sample", "shed", "part", "part"]);
	});

	it("goes back to doing everything when the load is gone", () => {
		const controller = new BudgetController(CPU_LADDER, PACE);
		run(controller, seconds(30, 50));
		expect(controller.position).toBeGreaterThan(8);
		const { rungs } = run(controller, seconds(20, 0.1));
		expect(rungs.at(-1)).toBe(0);
	});

	it("does not flap under a load that changes by half from second to second", () => {
		const controller = new BudgetController(CPU_LADDER, PACE);
		const loads = Array.from({ length: 600 }, (_, at) => 6 + 3 * Math.sin(at * 1.7));
		const { rungs, usages } = run(controller, loads);
		expect(changes(rungs.slice(20))).toBeLessThan(40);
		const mean = usages.slice(20).reduce((sum, one) => sum + one, 0) / (usages.length - 20);
		expect(mean).toBeLessThan(1);
	});

	it("detaches when nothing else helps, and tries again, less often each time", () => {
		const controller = new BudgetController(CPU_LADDER, PACE);
		const top = CPU_LADDER.length - 1;
		const rungs = Array.from({ length: 600 }, () => controller.observe(controller.position === top ? 0.1 : 3));
		const tries = rungs.flatMap((one, at) => (one === top - 1 && rungs[at - 1] === top ? [at] : []));
		const gaps = tries.slice(1).map((at, index) => at - (tries[index] as number));
		expect(rungs[10]).toBeGreaterThan(0);
		expect(tries.length).toBeGreaterThan(1);
		expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
		expect(gaps[0]).toBeGreaterThan(30);
	});

	it("is the same each time", () => {
		const loads = Array.from({ length: 200 }, (_, at) => (at * 7919) % 13);
		const one = run(new BudgetController(CPU_LADDER, PACE), loads);
		expect(run(new BudgetController(CPU_LADDER, PACE), loads)).toEqual(one);
	});

	it("gives memory time: what was freed is given back late", () => {
		const controller = new BudgetController(MEMORY_LADDER, { settle: 10, calm: 30 });
		// Records that wait fill it; with a quarter of them it has room, some seconds later.
		let usage = 0.5;
		const rungs: number[] = [];
		for (let second = 0; second < 200; second++) {
			const { retained } = (MEMORY_LADDER[controller.position] as Rung).throttle;
			usage += (0.5 + 0.7 * retained - usage) / 4;
			rungs.push(controller.observe(usage));
		}
		expect(Math.max(...rungs)).toBeLessThanOrEqual(2);
		expect(usage).toBeLessThan(1);
	});
});

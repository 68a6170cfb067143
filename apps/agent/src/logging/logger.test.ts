import { describe, expect, it } from "vitest";
import { Logger, type LoggerOptions } from "./logger.ts";

/** A logger on a clock of the test's own. */
function logger(options: Partial<LoggerOptions> = {}): { log: Logger; lines: string[]; clock: { ms: number } } {
	const lines: string[] = [];
	const clock = { ms: 0 };
	const log = new Logger({
		format: "text",
		level: "info",
		write: (line) => lines.push(line.trimEnd()),
		nowMs: () => clock.ms,
		date: () => new Date(clock.ms),
		...options,
	});
	return { log, lines, clock };
}

describe("the agent's log", () => {
	it("writes what is grave enough", () => {
		const { log, lines } = logger({ level: "warn" });
		log.error("a");
		log.warn("b");
		log.info("c");
		log.debug("d");
		expect(lines).toEqual(["wirescribe: a", "wirescribe: b"]);
		expect(log.counts().written).toEqual({ error: 1, warn: 1, info: 0, debug: 0 });
	});

	it("is JSON lines where programs read it, one for each message", () => {
		const { log, lines } = logger({ format: "json" });
		log.warn("first line\n  second", { fields: { partition: 1 } });
		expect(lines.map((line) => JSON.parse(line))).toEqual([
			{ time: "1970-01-01T00:00:00.000Z", level: "warn", message: "first line · second", partition: 1 },
		]);
	});

	it("counts repeated lines, whatever their numbers are, and says how many there were", () => {
		const { log, lines, clock } = logger();
		for (let port = 0; port < 1000; port++) log.warn(`cannot connect to ${port}`);
		expect(lines).toEqual(["wirescribe: cannot connect to 0"]);
		clock.ms = 5_000;
		log.warn("cannot connect to 7");
		expect(lines.slice(1)).toEqual([
			"wirescribe: cannot connect to 999 (999 more in 5 s)",
			"wirescribe: cannot connect to 7",
		]);
		expect(log.counts().repeated).toBe(999);
	});

	it("says at the end what it has only counted", () => {
		const { log, lines } = logger();
		log.warn("again", { key: "k", pauseMs: 60_000 });
		log.warn("and again", { key: "k", pauseMs: 60_000 });
		log.warn("another");
		log.flush();
		log.flush();
		expect(lines).toEqual(["wirescribe: again", "wirescribe: another", "wirescribe: and again (1 more in 60 s)"]);
	});

	it("writes every line that has no pause", () => {
		const { log, lines } = logger();
		for (let n = 0; n < 3; n++) log.info("unit", { pauseMs: 0 });
		expect(lines).toHaveLength(3);
	});

	it("says by itself how many there were, when the pause is over", async () => {
		const lines: string[] = [];
		const log = new Logger({ format: "text", level: "info", write: (line) => lines.push(line) });
		log.info("tick", { pauseMs: 20 });
		log.info("tick", { pauseMs: 20 });
		await expect.poll(() => lines.length).toBe(2);
		expect(lines[1]).toBe("wirescribe: tick (1 more in 0.02 s)\n");
	});

	it("keeps no more than so many different lines in mind, and loses no count by it", () => {
		const { log, lines } = logger();
		log.info("the first");
		log.info("the first");
		for (let n = 0; n < 300; n++) log.info("x".repeat(n + 1));
		expect(lines.filter((line) => line.includes("the first"))).toEqual([
			"wirescribe: the first",
			"wirescribe: the first (1 more in 5 s)",
		]);
	});
});

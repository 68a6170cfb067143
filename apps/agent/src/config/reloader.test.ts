import { describe, expect, it } from "vitest";
import { parseRun } from "../cli/config-options.ts";
import type { WatchOptions } from "../cli/watch-options.ts";
import { type Config, makeConfig } from "./config.ts";
import { UnreadableError } from "./problem.ts";
import { Reloader } from "./reloader.ts";

function config(file: string): Config {
	return makeConfig("w.yaml", file, parseRun("run", ["--comm", "nginx"]), {});
}

/** There is no file. */
const ABSENT = "absent";

/** A reloader over texts that a test sets; what it applied, and what it said. */
class Reloading {
	text: string;
	readonly applied: WatchOptions[] = [];
	readonly said: string[] = [];
	readonly reloader: Reloader;
	fails: string | undefined;

	constructor(text: string) {
		this.text = text;
		this.reloader = new Reloader(config(text), {
			read: () => {
				if (this.text === ABSENT) throw new UnreadableError("w.yaml", new Error("ENOENT"));
				return this.text;
			},
			make: config,
			apply: async (options) => {
				if (this.fails !== undefined) throw new Error(this.fails);
				this.applied.push(options);
			},
			tell: (line) => this.said.push(line),
		});
	}

	async to(text: string): Promise<string[]> {
		this.text = text;
		await this.reloader.reload("test");
		return this.said.splice(0);
	}
}

describe("Reloader", () => {
	it("shows what changes, and applies it", async () => {
		const it = new Reloading("access_log: {output: json}");
		expect(await it.to("access_log: {query_values: true, select: {ports: [80, 81]}}")).toEqual([
			"reloaded (test):",
			"  access_log.select.ports: - -> 80,81",
			"  access_log.output: json -> none with a backend; else text on a terminal, json elsewhere",
			"  access_log.query_values: false -> true",
		]);
		expect(it.applied).toMatchObject([{ queryValues: true, selection: { ports: [80, 81], comms: ["nginx"] } }]);
		expect(await it.to("access_log: {query_values: on, select: {ports: '80,81'}}")).toEqual([
			"reload (test): nothing has changed",
		]);
		expect(it.applied).toHaveLength(1);
	});

	it("does not apply what needs a restart, says so each time, and goes on with the old value", async () => {
		const it = new Reloading("capture: {ring_size: 1MB}");
		const line = "  capture.ring_size: 1MB -> 2MB  (needs a restart: the old value goes on)";
		expect(await it.to("capture: {ring_size: 2MB}")).toEqual([
			"reload (test): nothing that can be applied while the agent runs:",
			line,
		]);
		expect(await it.to("capture: {ring_size: 2MB}\naccess_log: {query_values: true}")).toEqual([
			"reloaded (test):",
			"  access_log.query_values: false -> true",
			line,
		]);
		expect(it.applied).toMatchObject([{ ringBytes: 1 << 20, queryValues: true }]);
		expect(await it.to("capture: {ring_size: 1MB}\naccess_log: {query_values: true}")).toEqual([
			"reload (test): nothing has changed",
		]);
	});

	it("keeps the old one when the new one is not valid, or cannot be applied, and says why", async () => {
		const it = new Reloading("access_log: {query_values: true}");
		expect(await it.to("access_log: {query_value: false, output: xml}")).toEqual([
			"reload (test) refused, the old configuration goes on:",
			"  w.yaml:1:14: unknown key 'access_log.query_value', did you mean 'query_values'?",
			"  w.yaml:1:42: access_log.output takes text or json, not 'xml'",
		]);
		it.fails = "the spool is another's";
		expect(await it.to("access_log: {query_values: false}")).toEqual([
			"reload (test) refused, the old configuration goes on:",
			"  the spool is another's",
		]);
		expect(it.reloader.config.options.queryValues).toBe(true);
		it.fails = undefined;
		await it.to("access_log: {query_values: false}");
		expect(it.reloader.config.options.queryValues).toBe(false);
		expect(it.reloader.counts).toEqual({ applied: 1, unchanged: 0, refused: 2, stale: false });
		await it.to("wrong: 1");
		expect(it.reloader.counts).toMatchObject({ refused: 3, stale: true });
	});

	it("looks at what has been touched only when it is another, also than one that was refused", async () => {
		const it = new Reloading("access_log: {query_values: true}");
		const touch = async (text: string): Promise<string[]> => {
			it.text = text;
			await it.reloader.reloadIfChanged("touched");
			return it.said.splice(0);
		};
		expect(await touch("access_log: {query_values: true}")).toEqual([]);
		expect(await touch(ABSENT)).toEqual([]);
		expect(await touch("wrong: 1")).toHaveLength(2);
		expect(await touch("wrong: 1")).toEqual([]);
		// By the signal it is another one first, then by the file the first one again.
		expect(await it.to("access_log: {query_values: false}")).toHaveLength(2);
		expect(await touch("access_log: {query_values: true}")).toHaveLength(2);
		expect(await it.to(ABSENT)).toEqual([
			"reload (test) refused, the old configuration goes on:",
			"  cannot read the configuration 'w.yaml': ENOENT",
		]);
	});

	it("shows no secret", async () => {
		const backend = (token: string): string => `core: {backend: {addr: "h:1", authentication: ${token}}}`;
		const it = new Reloading(backend("first"));
		expect(await it.to(backend("second"))).toEqual(["reloaded (test):", "  core.backend.authentication: *** -> ***"]);
	});

	it("does what is asked for meanwhile afterwards, once", async () => {
		const it = new Reloading("access_log: {query_values: true}");
		const first = it.to("access_log: {query_values: false}");
		it.text = "access_log: {tcp_operations: true}";
		const rest = [it.reloader.reload("b"), it.reloader.reload("c")];
		await first;
		await Promise.all(rest);
		expect(it.applied.map(({ queryValues, tcpOperations }) => [queryValues, tcpOperations])).toEqual([
			[false, false],
			[false, true],
		]);
		await it.reloader.end();
		await it.to("access_log: {tcp_operations: false}");
		expect(it.applied).toHaveLength(2);
	});
});

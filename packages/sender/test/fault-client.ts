/*
 * A sender that is told what to do, line by line: `fault-client.ts TARGET SPOOL [MEMORY]`. `run` sends numbered records until `pause`,
 * `put N` sends N at once and closes their units, `end` shuts down. Prints events and ledgers.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { createSender, h2Transport } from "../src/index.ts";

const [target = "", folder = "", memory = "64000000"] = process.argv.slice(2);
const sender = createSender({
	transport: h2Transport({ target, path: "/test.Sink/take", metadata: { scenario: "ok" } }),
	maxUnitBytes: 16 * 1024,
	maxUnitAgeMs: 20,
	noProgressMs: 1000,
	maxRetainedBytes: Number(memory),
	// Its units are small: twenty seconds of them.
	maxRetainedUnits: 10_000,
	retry: { initialMs: 100, maxMs: 500 },
	...(folder === "" ? {} : { spool: { folder, when: "always" } }),
	onEvent: ({ type, message }) => type !== "acked" && console.log(`${type} ${message}`),
});

let next = 0;
const nothing = new Uint8Array(0);
function put(count: number): void {
	for (let n = 0; n < count; n++) {
		const body = Buffer.from(`${"x".repeat(200)}${String(next++).padStart(8, "0")}`);
		sender.enqueue({ key: next % 8, version: 1, preamble: nothing, body });
	}
}

let traffic: ReturnType<typeof setInterval> | undefined;
const commands: Readonly<Record<string, (argument: string) => unknown>> = {
	run: () => {
		traffic = setInterval(() => put(20), 5);
	},
	pause: () => clearInterval(traffic),
	put: (count) => {
		put(Number(count));
		void sender.flush();
		console.log(`closed ${count}`);
	},
	end: async () => {
		console.log(JSON.stringify(await sender.shutdown(30_000)));
		process.exit();
	},
};
createInterface({ input: process.stdin }).on("line", (line) => {
	const [name = "", argument = ""] = line.split(" ");
	commands[name]?.(argument);
});

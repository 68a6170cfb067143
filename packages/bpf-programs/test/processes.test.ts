/** Processes: their start and end, and whose connections theirs are. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { EXEC, exec, FRAME_BYTES, KIND, nextFrame, process as processReader, textAt } from "../src/events.ts";
import { openCapture, openRing } from "../src/index.ts";
import { Harness } from "./harness.ts";
import { libc, listenOn, ok } from "./libc.ts";

/** Connects once as another effective user, its real one as before. */
const AS_NOBODY = `
	process.seteuid(65534);
	require("node:net").connect(Number(process.argv[1]), "127.0.0.1").on("connect", () => process.exit(3));
`;

test("a connection's user is the effective one", async () => {
	using harness = new Harness({ select: {} });
	const listener = listenOn("ip4");
	const child = spawn(process.execPath, ["-e", AS_NOBODY, String(listener.port)], { stdio: "inherit" });
	const exited = once(child, "exit");
	const server = ok(libc.accept4(listener.fd, 0, 0, 0), "accept4");
	expect(await exited).toEqual([3, null]);
	for (const fd of [server, listener.fd]) libc.close(fd);
	const own = harness.drain().connections.filter(({ tgid }) => tgid === child.pid);
	expect(own.map(({ uid, success }) => [uid, success])).toEqual([[65534, 1]]);
});

test("processes are reported; a closed capture says so", async () => {
	const capture = openCapture({ select: { pids: [] } });
	const child = spawn(process.execPath, ["-e", "process.exit(3)"]);
	await once(child, "exit");
	await sleep(50);
	const memory = new Uint8Array(1 << 18);
	const view = new DataView(memory.buffer);
	const kinds = new Map<number, number>();
	const length = capture.drainProcesses(memory);
	for (let at = 0; at < length; at = nextFrame(view, at)) {
		const event = at + FRAME_BYTES;
		if (processReader.tgid(view, event) !== child.pid) continue;
		if (processReader.kind(view, event) === KIND.exec) {
			expect(textAt(view, exec.exe(view, event), EXEC.size)).toBe(process.execPath);
		}
		kinds.set(processReader.kind(view, event), processReader.ppid(view, event));
		if (processReader.kind(view, event) === KIND.exit) expect(processReader.exitCode(view, event) >> 8).toBe(3);
	}
	expect([...kinds.keys()]).toEqual([KIND.fork, KIND.exec, KIND.exit]);
	expect(kinds.get(KIND.exec)).toBe(process.pid);
	expect(capture.misses()).toBeGreaterThanOrEqual(0);
	expect(() => capture.handle(1)).toThrow("Cannot hand out ring 1");
	openRing(capture.handle(0)).close();
	capture.close();
	capture.close();
	expect(() => capture.counters()).toThrow(expect.objectContaining({ code: "ERR_CAPTURE_CLOSED" }));
});

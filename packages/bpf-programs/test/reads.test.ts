/** The two builds of the programs see the same; and what is known of reads without the programs on their entry. */
import { describe, expect, test } from "vitest";
import { FLAG, MESSAGE, ROLE } from "../src/events.ts";
import { Harness, type OperationEvent } from "./harness.ts";
import { addressOf, iovecs, libc, readSome, tcpPair, text, writeAll } from "./libc.ts";
import { exchange, request, response } from "./traffic.ts";

/** All that does not change from one connection to the next; offsets from the first of a direction. */
function told(events: readonly OperationEvent[]): object[] {
	return events.map((event) => {
		const { syscall, direction, flags, dataId, prevDataId, bytes, message, role, captured, tail } = event;
		const offset = event.offset - events.find((other) => other.direction === direction)!.offset;
		return { syscall, direction, flags, dataId, prevDataId, bytes, offset, message, role, captured, tail };
	});
}

function traffic(harness: Harness): object[] {
	using pair = tcpPair();
	exchange(pair);
	const parts = [text("GET /parts HTTP/1.1\r\n"), new Uint8Array(0), text("Host: x\r\n\r\n")];
	const list = iovecs(parts);
	libc.writev(pair.client, addressOf(list), parts.length);
	readSome(pair.server, 4096);
	writeAll(pair.server, response);
	const { connections, operations } = harness.drain();
	expect(connections.map((event) => event.role)).toEqual([ROLE.client, ROLE.server]);
	return [pair.client, pair.server].flatMap((fd) => told(operations.filter((event) => event.fd === fd)));
}

describe("the programs", () => {
	test("say the same, however they read the kernel's memory", () => {
		using direct = new Harness({ reads: "direct" });
		using probed = new Harness({ reads: "probed" });
		expect([direct.capture.reads, probed.capture.reads]).toEqual(["direct", "probed"]);
		// Both see all of it: captures side by side do not disturb each other.
		const seen = traffic(direct);
		expect(seen).toHaveLength(7);
		expect(probed.drain().operations).toHaveLength(7);
		expect(traffic(probed)).toEqual(seen);
	});

	test("leave the start of a read open unless they are asked for it", () => {
		using harness = new Harness();
		using pair = tcpPair();
		writeAll(pair.client, request);
		readSome(pair.server, 4096);
		const [sent, received] = harness.drain().operations;
		expect(sent).toMatchObject({ flags: 0, message: MESSAGE.request });
		expect(sent?.startNs).toBeGreaterThan(0);
		expect(received).toMatchObject({ flags: FLAG.start_unknown, startNs: 0, message: MESSAGE.request });
		expect(harness.capture.attached).not.toContain("syscalls:sys_enter_recvfrom");
	});
});

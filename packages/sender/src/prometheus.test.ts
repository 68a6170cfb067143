import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { memoryTransport } from "./memory.ts";
import { registerSenderMetrics } from "./prometheus.ts";
import { createSender } from "./sender.ts";

test("what is scraped is the ledger, at any time", async () => {
	const transport = memoryTransport({ respond: (_unit, index) => (index === 1 ? { code: 3 } : {}) });
	const sender = createSender({ transport, streams: 1, maxMessageBytes: 100 });
	const registry = new Registry();
	registerSenderMetrics(sender, registry);
	const put = (count: number, bytes: number): void => {
		for (let n = 0; n < count; n++) {
			sender.enqueue({ key: 1, version: 1, preamble: new Uint8Array(0), body: new Uint8Array(bytes) });
		}
	};
	put(5, 10);
	await sender.flush();
	put(3, 10);
	await sender.flush();
	put(2, 10);
	put(1, 1000);

	const scraped = await registry.metrics();
	for (const line of [
		"wirescribe_sender_accepted_records_total 11",
		"wirescribe_sender_acked_records_total 5",
		'wirescribe_sender_lost_records_total{reason="permanent"} 3',
		'wirescribe_sender_lost_records_total{reason="oversize"} 1',
		'wirescribe_sender_lost_records_total{reason="queue"} 0',
		"wirescribe_sender_retained_records 2",
		"wirescribe_sender_retained_bytes 30",
		"wirescribe_sender_spooled_records 0",
		'wirescribe_sender_lane_healthy{lane="0"} 1',
	]) {
		expect(scraped.split("\n")).toContain(line);
	}
	await sender.shutdown();
	expect((await registry.metrics()).split("\n")).toContain("wirescribe_sender_acked_records_total 7");
});

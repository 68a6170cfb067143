import { expect, test } from "vitest";
import { shortConnections } from "./short-connections.ts";

test("20,000 short connections on one descriptor: nothing is mixed, nothing stays", () => {
	const { partition, nowNs } = shortConnections(20_000);
	expect([...partition.open()]).toEqual([]);
	expect(partition.ledger()).toMatchObject({
		connectionsEndedUnseen: 5_000,
		connectionsEvicted: 0,
		tombstonesEvicted: 0,
	});
	partition.tick(nowNs + 60e9);
	expect(partition.ledger().connectionsOpen).toBe(0);
});

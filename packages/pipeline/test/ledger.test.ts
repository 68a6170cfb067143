import { describe, expect, it } from "vitest";
import { emptyPartitionLedger, isBalanced, type LedgerSources, ledgerText, makeLedger } from "../src/index.ts";

function sources(changes: Partial<LedgerSources> = {}): LedgerSources {
	return {
		operations: {
			seen: 10,
			skipped: { not_tcp: 3 },
			submitted: 6,
			lost: { ring_full: 1 },
			drained: 5,
			inRing: 1,
			programRunMisses: 0,
		},
		requestStartsLost: 1,
		partitions: [
			{
				...emptyPartitionLedger(),
				requestStartsRead: 3,
				logged: 1,
				partial: 1,
				unpaired: 1,
				reasons: { "no-response": 1 },
			},
			{ ...emptyPartitionLedger(), requestStartsRead: 2, logged: 1, open: 1, reasons: { "no-response": 2 } },
		],
		records: { accepted: 4, acked: 2, retained: 1, spooled: 0, lost: { queue: 1 }, resent: { units: 1, records: 2 } },
		...changes,
	};
}

describe("makeLedger", () => {
	it("adds partitions up and finds all three identities held", () => {
		const ledger = makeLedger(sources());
		expect(isBalanced(ledger)).toBe(true);
		expect(ledger.messages).toMatchObject({
			requestStartsRead: 5,
			requestStartsLost: 1,
			lost: 1,
			reasons: { "no-response": 3 },
		});
	});

	it("has requests that were not watched among those that were left out, and says how budgets were kept", () => {
		const ledger = makeLedger(
			sources({
				requestStartsNotWatched: 7,
				protection: {
					cpu: { step: "part", steps: { full: { seconds: 3, entered: 0 }, part: { seconds: 9.4, entered: 2 } } },
				},
			}),
		);
		expect(isBalanced(ledger)).toBe(true);
		expect(ledger.messages).toMatchObject({ requestStartsNotWatched: 7, leftOut: { "not-watched": 7 } });
		expect(ledgerText(ledger)).toContain("5 read + 1 lost in the kernel + 7 not watched = ");
		expect(ledgerText(ledger)).toContain("protection  cpu: part now; full 3 s, part 9 s (2x)\n");
	});

	it.each([
		["operations", { operations: { ...sources().operations, seen: 11 } as LedgerSources["operations"] }],
		["operations", { operations: { ...sources().operations, drained: 4 } as LedgerSources["operations"] }],
		["messages", { partitions: [{ ...emptyPartitionLedger(), requestStartsRead: 1 }] }],
		["records", { records: { ...sources().records, acked: 3 } }],
	] as const)("says when %s do not balance", (name, changes) => {
		const ledger = makeLedger(sources(changes));
		expect(ledger[name]?.balanced).toBe(false);
		expect(isBalanced(ledger)).toBe(false);
		expect(ledgerText(ledger)).toContain("does not balance");
	});

	it("has no operations to speak of on a replay without an end", () => {
		const ledger = makeLedger(sources({ operations: null }));
		expect(isBalanced(ledger)).toBe(true);
		expect(ledgerText(ledger)).not.toContain("operations ");
	});
});

import type { RecordCounts } from "@wirescribe/pipeline";

export const NO_RECORDS: RecordCounts = {
	accepted: 0,
	acked: 0,
	retained: 0,
	spooled: 0,
	lost: {},
	resent: { units: 0, records: 0 },
};

/** The records of two outlets together. */
export function addCounts(a: RecordCounts, b: RecordCounts): RecordCounts {
	const lost: Record<string, number> = { ...a.lost };
	for (const [reason, count] of Object.entries(b.lost)) lost[reason] = (lost[reason] ?? 0) + count;
	return {
		accepted: a.accepted + b.accepted,
		acked: a.acked + b.acked,
		retained: a.retained + b.retained,
		spooled: a.spooled + b.spooled,
		lost,
		resent: { units: a.resent.units + b.resent.units, records: a.resent.records + b.resent.records },
	};
}

/** Without what is on disk: whoever finds it there has it in its own books. */
export function withoutSpooled(counts: RecordCounts): RecordCounts {
	return { ...counts, accepted: counts.accepted - counts.spooled, spooled: 0 };
}

import type { UnitStatus, UnitStream } from "./transport.ts";

/** A stream for transports that take a unit as a whole: `take` gets its messages, and says how it ended. */
export function collectUnit(take: (messages: readonly Uint8Array[]) => Promise<UnitStatus>): UnitStream {
	const messages: Uint8Array[] = [];
	const { promise: status, resolve } = Promise.withResolvers<UnitStatus>();
	return {
		status,
		// The sender keeps the unit's bytes as they are until the status is there: no copy is needed.
		write: (message) => messages.push(message) > 0,
		drain: async () => {},
		end: () => void take(messages).then(resolve),
		cancel: () => resolve({ code: 1, message: "cancelled", retryDelayMs: null, reached: true, broken: true }),
	};
}

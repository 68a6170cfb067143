import type { Transport, UnitRequest, UnitStatus, UnitStream } from "./transport.ts";

/** A stream as the memory transport has received it. */
export interface MemoryUnit {
	readonly id: string;
	readonly messages: readonly Uint8Array[];
}

export interface MemoryTransportOptions {
	/** The answer to the stream that has ended; `index` counts streams from 0. Default: OK. */
	readonly respond?: (unit: MemoryUnit, index: number) => Partial<UnitStatus> | Promise<Partial<UnitStatus>>;
	/** After this many messages a stream asks to wait for the next turn (default 16, as grpc-js does). */
	readonly highWaterMark?: number;
}

export interface MemoryTransport extends Transport {
	/** Streams that were ended by the sender, in their order, whatever was answered. */
	readonly units: readonly MemoryUnit[];
}

const ok: UnitStatus = { code: 0, message: "OK", retryDelayMs: null, reached: true };

/** A peer in the same process: for tests, and to see what a sender would send. */
export function memoryTransport(options: MemoryTransportOptions = {}): MemoryTransport {
	const units: MemoryUnit[] = [];
	const { respond = () => ok, highWaterMark = 16 } = options;

	function open({ id }: UnitRequest): UnitStream {
		const messages: Uint8Array[] = [];
		const { promise: status, resolve } = Promise.withResolvers<UnitStatus>();
		return {
			status,
			write(message) {
				messages.push(message.slice());
				return messages.length % highWaterMark !== 0;
			},
			drain: () => new Promise((room) => setTimeout(room, 0)),
			end() {
				const unit = { id, messages };
				units.push(unit);
				const failed = (error: unknown): void => resolve({ ...ok, code: 2, message: String(error) });
				new Promise<Partial<UnitStatus>>((answer) => answer(respond(unit, units.length - 1))).then(
					(answer) => resolve({ ...ok, ...answer }),
					failed,
				);
			},
			cancel: () => resolve({ ...ok, code: 1, message: "cancelled" }),
		};
	}

	return { name: "memory", onConnection: null, units, open, close: () => {} };
}

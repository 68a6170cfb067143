import process from "node:process";
import { encodeNode, type NodeInfo, Writer } from "@wirescribe/access-log";
import { COLLECT_PATH } from "@wirescribe/collector/collect-path";
import { FrameCursor, MESSAGE, type RecordCounts } from "@wirescribe/pipeline";
import { createSender, h2Transport, type Sender, type SenderEvent, type Transport } from "@wirescribe/sender";
import type { Outlet } from "./outlet.ts";

/** At most one line about the backend in this time: an outage must not flood the log. */
const EVENT_PAUSE_MS = 5_000;

/** The way to a collector. grpc-js is loaded only for those who ask for it. */
export async function openTransport(
	backend: { readonly host: string; readonly port: number },
	name: "h2" | "grpc",
): Promise<Transport> {
	const host = backend.host.includes(":") ? `[${backend.host}]` : backend.host;
	const options = { target: `${host}:${backend.port}`, path: COLLECT_PATH };
	if (name === "h2") return h2Transport(options);
	const { grpcTransport } = await import("@wirescribe/sender/grpc");
	return grpcTransport(options);
}

/** Records to a collector over gRPC. */
export class SenderOutlet implements Outlet {
	readonly #sender: Sender;
	readonly #lastEventMs = new Map<string, number>();

	constructor(transport: Transport, node: NodeInfo) {
		const writer = new Writer();
		encodeNode(writer, node);
		const header = writer.finish();
		this.#sender = createSender({
			transport,
			header: () => header,
			onEvent: (event) => this.#tell(event),
		});
	}

	frames(buffer: ArrayBuffer): void {
		const sender = this.#sender;
		for (const frame = new FrameCursor(buffer); frame.next(); ) {
			if (frame.kind !== MESSAGE) continue;
			sender.enqueueFrom(frame.bytes, frame.start, frame.bodyStart, frame.end, frame.socketId, frame.version);
		}
	}

	counts(): RecordCounts {
		const ledger = this.#sender.ledger();
		return { ...ledger, lost: { ...ledger.lost } };
	}

	async close(deadlineMs: number): Promise<void> {
		await this.#sender.shutdown(deadlineMs);
	}

	#tell(event: SenderEvent): void {
		if (event.type === "acked") return;
		const now = performance.now();
		const last = this.#lastEventMs.get(event.type);
		if (last !== undefined && now - last < EVENT_PAUSE_MS) return;
		this.#lastEventMs.set(event.type, now);
		process.stderr.write(`wirescribe: ${event.message}\n`);
	}
}

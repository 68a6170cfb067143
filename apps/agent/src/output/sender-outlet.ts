import { encodeNode, type NodeInfo, Writer } from "@wirescribe/access-log";
import { COLLECT_PATH } from "@wirescribe/collector/collect-path";
import { FrameCursor, MESSAGE, type RecordCounts } from "@wirescribe/pipeline";
import { createSender, type Sender, type SenderEvent, type SenderOptions } from "@wirescribe/sender";
import type { DeliveryOptions } from "../cli/delivery-options.ts";
import { LEAST_RETAINED_BYTES, tuning } from "../config/tuning.ts";
import { log } from "../logging/log.ts";
import { transportFactory } from "./backend-transport.ts";
import type { DeliveryState, Outlet } from "./outlet.ts";

/** Interfaces come and go: the node is looked at again when a unit begins, but not more often than this. */
const NODE_PAUSE_MS = 30_000;

/** Records to a collector over gRPC. `node` is asked again now and then. */
export async function openSenderOutlet(
	backend: { readonly host: string; readonly port: number },
	delivery: DeliveryOptions,
	node: () => NodeInfo,
): Promise<Outlet> {
	const host = backend.host.includes(":") ? `[${backend.host}]` : backend.host;
	const transport = await transportFactory({ target: `${host}:${backend.port}`, path: COLLECT_PATH }, delivery);
	const { spool, units } = delivery;
	const { autoLanes, retainedBytes } = tuning();
	const options = {
		transport,
		lanes: delivery.lanes === "auto" ? autoLanes.value : delivery.lanes,
		maxRetainedBytes: retainedBytes.value,
		...(spool === undefined ? {} : { spool }),
	};
	return new SenderOutlet(options, node, units);
}

class SenderOutlet implements Outlet {
	readonly #sender: Sender;
	readonly #units: boolean;

	constructor(options: SenderOptions, node: () => NodeInfo, units: boolean) {
		this.#units = units;
		this.#sender = createSender({ ...options, header: nodeHeader(node), onEvent: (event) => this.#tell(event) });
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

	state(): DeliveryState {
		return { lanes: this.#sender.lanes(), retainedBytes: this.#sender.retainedBytes };
	}

	limitRetained(part: number): void {
		this.#sender.limitRetained(Math.max(LEAST_RETAINED_BYTES, tuning().retainedBytes.value * part));
	}

	drained(): Promise<void> {
		return this.#sender.flush();
	}

	async close(deadlineMs: number): Promise<void> {
		await this.#sender.shutdown(deadlineMs);
	}

	/** An outage must not flood the log: one line of each kind in a pause. */
	#tell({ type, message, ...fields }: SenderEvent): void {
		if (type === "acked") {
			if (this.#units) log.info(message, { pauseMs: 0, fields: { event: type, ...fields } });
			return;
		}
		const grave = type === "lost" ? "error" : type === "connected" || type === "summary" ? "info" : "warn";
		log[grave](message, { key: `sender ${type}`, fields: { event: type, ...fields } });
	}
}

/** The node's description as it is, encoded anew when it was looked at. */
function nodeHeader(node: () => NodeInfo): () => Uint8Array {
	let lookedMs = Number.NEGATIVE_INFINITY;
	let header = new Uint8Array(0);
	return () => {
		const now = performance.now();
		if (now - lookedMs < NODE_PAUSE_MS) return header;
		lookedMs = now;
		const writer = new Writer();
		encodeNode(writer, node());
		header = writer.finish();
		return header;
	};
}

/**
 * A sender's ledger as prom-client metrics: read when they are collected, so they cost nothing in between, and balance as
 * the ledger does.
 *
 * @module
 */
import { Counter, Gauge, type Registry } from "prom-client";
import type { SenderLedger } from "./ledger.ts";
import type { LaneState, Sender } from "./sender-interface.ts";

export interface SenderMetricsOptions {
	/** What names begin with (default `wirescribe_sender_`). */
	readonly prefix?: string;
}

/** Adds the sender's metrics to a registry. One sender for each registry and prefix. */
export function registerSenderMetrics(sender: Sender, registry: Registry, options: SenderMetricsOptions = {}): void {
	const { prefix = "wirescribe_sender_" } = options;
	const registers = [registry];

	function counter(name: string, help: string, value: (ledger: SenderLedger) => number): void {
		new Counter({
			...{ name: prefix + name, help, registers },
			collect() {
				this.reset();
				this.inc(value(sender.ledger()));
			},
		});
	}

	function gauge(name: string, help: string, value: () => number): void {
		new Gauge({
			...{ name: prefix + name, help, registers },
			collect() {
				this.set(value());
			},
		});
	}

	function laneGauge(name: string, help: string, value: (lane: LaneState) => number): void {
		new Gauge({
			...{ name: `${prefix}lane_${name}`, help, registers, labelNames: ["lane"] },
			collect() {
				for (const [lane, state] of sender.lanes().entries()) this.set({ lane: String(lane) }, value(state));
			},
		});
	}

	counter("accepted_records_total", "Records that were handed to the sender.", (ledger) => ledger.accepted);
	counter("acked_records_total", "Records that the peer has acknowledged.", (ledger) => ledger.acked);
	counter("resent_records_total", "Records sent again that may have arrived.", (ledger) => ledger.resent.records);
	new Counter({
		...{ name: `${prefix}lost_records_total`, help: "Records that did not arrive, by reason.", registers },
		labelNames: ["reason"],
		collect() {
			this.reset();
			for (const [reason, count] of Object.entries(sender.ledger().lost)) this.inc({ reason }, count);
		},
	});
	gauge("retained_records", "Records in memory that are not acknowledged.", () => sender.ledger().retained);
	gauge("spooled_records", "Records that are on disk only.", () => sender.ledger().spooled);
	gauge("retained_bytes", "Bytes of the records in memory.", () => sender.retainedBytes);
	laneGauge("connected", "1 while the lane has a connection.", (lane) => Number(lane.connected));
	laneGauge("healthy", "0 while what the lane tried last has failed.", (lane) => Number(lane.healthy));
	laneGauge("in_flight_streams", "Streams that are open.", (lane) => lane.inFlight);
	laneGauge("pending_units", "Units that are not acknowledged.", (lane) => lane.pendingUnits);
	laneGauge("pending_bytes", "Bytes of these units.", (lane) => lane.pendingBytes);
}

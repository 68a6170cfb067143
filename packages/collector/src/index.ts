/**
 * A small gRPC server of the SkyWalking eBPF access log service, for machines that have no SkyWalking: it takes what
 * agents deliver and hands it on, message by message, with the node and the connection that it belongs to.
 *
 * {@link startCollector} listens until it is closed, and holds nothing back: a message is handed on when it arrives, and
 * its stream is answered OK when the agent has ended it. A stream that breaks off has been handed on as far as it came;
 * the agent delivers it again, under the same unit id. Callbacks run on the server's own thread: a slow one slows the
 * agents down. It never writes files, never forwards, and asks nobody for credentials: keep it on loopback.
 *
 * @module
 */
export { COLLECT_PATH } from "./collect-path.ts";
export {
	type Collector,
	type CollectorOptions,
	type Received,
	type StreamInfo,
	startCollector,
} from "./collector.ts";
export { type CollectorEntry, CollectorStream } from "./collector-stream.ts";
export { CollectorError } from "./errors.ts";
export { type CollectorTextOptions, collectorJsonLine, collectorTextLine } from "./lines.ts";

/**
 * A partitioned event queue: same key, same partition, in order; partitions inline or each on its own worker thread.
 *
 * A partition owns its state alone, takes pushed events or pulls from a source of its own, and hands finished bytes
 * back. The same partition code runs in both placements. The queue owns partitions and workers from `start()` to
 * `close()`; it never blocks the owner's thread, never shares memory between partitions, and never loses an event
 * without counting it.
 *
 * @module
 */
export type { BoundOptions, WhenFull, WhenFullNow } from "./bound.ts";
export { Channel, type ChannelCounters } from "./channel.ts";
export { type Dispatch, dispatcher } from "./dispatch.ts";
export { EventQueue } from "./event-queue.ts";
export type { EventQueueOptions, PartitionErrorReport, QueueWarning } from "./options.ts";
export type { PullInterval } from "./pacer.ts";
export type {
	Partition,
	PartitionFactory,
	PartitionFailure,
	PartitionPhase,
	PartitionSetup,
} from "./partition.ts";
export { partitionOf } from "./partition-of.ts";
export { EventQueueError, type EventQueueErrorCode } from "./queue-error.ts";
export type { QueueCounters } from "./shard-intake.ts";
export type { SharedCounters } from "./shared-blocks.ts";
export type { EachRecord, SharedConsumer } from "./shared-consumer.ts";
export type { SharedProducer } from "./shared-producer.ts";
export { SharedQueue, type SharedQueueHandle, type SharedQueueOptions } from "./shared-queue.ts";
export type { WaitOptions } from "./waiters.ts";

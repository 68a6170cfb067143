/**
 * A live view of an access log, without a terminal: transactions and keys go in, frames of styled text come out.
 *
 * {@link LiveView} is the whole of it. Behind it, {@link TrafficModel} holds what is shown (groups with rates, errors and percentiles
 * over the last minute, and the newest exchanges) in bounded memory; a recording is played into it by a {@link Timeline}.
 * {@link lineSpans} makes a line of a transaction.
 *
 * Nothing here writes to a terminal, reads a clock or does I/O; everything is synchronous and belongs to one caller at a time. What
 * the wire brought is made harmless: no frame has a control character in it.
 *
 * @module
 */

export { BothEnds } from "./both-ends.ts";
export { type Frame, type FrameLine, frameText, type Span, type Tone } from "./frame.ts";
export { endpointOf, GROUPINGS, type Grouping, groupOf } from "./grouping.ts";
export { LatencySketch } from "./latency-sketch.ts";
export { lineSpans } from "./line-spans.ts";
export { LiveView, type LiveViewOptions } from "./live-view.ts";
export { pathTemplate } from "./path-template.ts";
export { statusTone } from "./request-lines.ts";
export { textWidth } from "./text-width.ts";
export { Timeline, type TimelineEntry } from "./timeline.ts";
export { type Predicate, type Seen, TrafficModel } from "./traffic-model.ts";

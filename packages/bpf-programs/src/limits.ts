import { MAX_CAPTURE, within } from "./options.ts";
import { WATCHED_ALL } from "./watched-part.ts";

/** What may be changed of the work that a capture makes: see `Capture.limit`. */
export interface CaptureLimits {
	/** Bytes copied of an operation that starts like a message; at most 32,768. */
	readonly headLimit: number;
	/** Bytes copied of any other operation; at most 32,768. */
	readonly bodyLimit: number;
	/** Of the sockets that are selected so many in 1,024 are watched; 0: none. */
	readonly watched: number;
}

/** The limits, if the programs can keep them; else a RangeError. */
export function checkLimits({ headLimit, bodyLimit, watched }: CaptureLimits): CaptureLimits {
	return {
		headLimit: within("headLimit", headLimit, 0, MAX_CAPTURE, "limit the capture"),
		bodyLimit: within("bodyLimit", bodyLimit, 0, MAX_CAPTURE, "limit the capture"),
		watched: within("watched", watched, 0, WATCHED_ALL, "limit the capture"),
	};
}

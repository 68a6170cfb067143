import { partitionOf } from "./partition-of.ts";

/** How events are spread over lanes. `by-key` keeps the order of a key; the others use every lane whatever the keys are. */
export type Dispatch = "by-key" | "round-robin" | "least-pending";

/**
 * A function that says which of `lanes` lanes the next event takes.
 *
 * `least-pending` asks `pending(lane)` and avoids a lane that stands still; equals take turns.
 */
export function dispatcher(
	dispatch: Dispatch,
	lanes: number,
	pending: (lane: number) => number = () => 0,
): (key: number) => number {
	if (dispatch === "by-key") return (key) => partitionOf(key, lanes);
	let turn = -1;
	const next = (lane: number): number => (lane + 1 === lanes ? 0 : lane + 1);
	if (dispatch === "round-robin") {
		return () => {
			turn = next(turn);
			return turn;
		};
	}
	return () => {
		turn = next(turn);
		let least = pending(turn);
		for (let lane = next(turn), seen = 1; seen < lanes && least > 0; lane = next(lane), seen++) {
			const fill = pending(lane);
			if (fill < least) {
				least = fill;
				turn = lane;
			}
		}
		return turn;
	};
}

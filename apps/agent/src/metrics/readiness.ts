import type { SessionState } from "../live/session-state.ts";
import type { DeliveryState } from "../output/outlet.ts";

/** One thing that the agent needs: whether it is there, and in words what was found. */
export interface ReadinessCheck {
	readonly name: string;
	readonly ready: boolean;
	readonly found: string;
}

/** Why a session cannot be asked. */
export const ABSENCES = {
	starting: "programs are being attached",
	stopping: "the agent was told to stop",
	silent: "a partition does not answer within 5 s",
} as const;

export type Absence = keyof typeof ABSENCES;

/**
 * What the agent needs to do what it was asked to, and whether it is there. Lanes connect when there is something to deliver:
 * `unreachable` says of a backend that none has tried yet why it cannot be reached.
 */
export function readiness(
	session: SessionState | Absence,
	backend: string | undefined,
	unreachable: string | undefined,
): ReadinessCheck[] {
	if (typeof session === "string") return [{ name: "session", ready: false, found: ABSENCES[session] }];
	const { attached, delivery, kubernetes, missing, partitions } = session;
	const without = missing.length > 0 ? `, without ${missing.map(({ name }) => name).join(", ")}` : "";
	const checks = [
		{ name: "kernel", ready: attached.length > 0, found: `attached to ${attached.length} places${without}` },
		{ name: "partitions", ready: true, found: `${partitions.length} reading` },
	];
	if (backend !== undefined) checks.push(backendCheck(delivery, backend, unreachable));
	if (kubernetes) {
		const { nodeName, pods, server, synced } = kubernetes;
		const found = synced ? `${pods} pods of node ${nodeName}` : `no complete lists from ${server} yet`;
		checks.push({ name: "kubernetes", ready: synced, found });
	}
	return checks;
}

function backendCheck({ lanes }: DeliveryState, backend: string, unreachable: string | undefined): ReadinessCheck {
	const name = "backend";
	const connected = lanes.filter((lane) => lane.connected).length;
	if (connected > 0) return { name, ready: true, found: `${backend}: ${connected} of ${lanes.length} lanes connected` };
	if (unreachable !== undefined) return { name, ready: false, found: `${backend} ${unreachable}` };
	const healthy = lanes.every((lane) => lane.healthy);
	return {
		name,
		ready: healthy,
		found: `${backend} accepts connections; ${healthy ? "nothing to deliver yet" : "what was tried last has failed"}`,
	};
}

import { networkInterfaces } from "node:os";

/** One end: an IP address as text and a port. */
export interface Endpoint {
	readonly ip: string;
	readonly port: number;
}

/** What decides whether the other end may be another than it seems. */
export interface PeerCandidate {
	readonly role: "client" | "server" | "unknown";
	readonly local: Endpoint;
	readonly remote: Endpoint;
}

/** Where a service mesh's proxy takes outgoing connections: an answer that leads there is not the peer. */
const MESH_OUTBOUND_PORT = 15_001;

/** The addresses of this host, in this network namespace, as they are now. */
export function localAddresses(): Set<string> {
	const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
	return new Set(addresses.map(({ address }) => address.split("%")[0] ?? address));
}

/** Loopback, unspecified, or an address of this host. */
export function isLocalAddress(ip: string, host: ReadonlySet<string>): boolean {
	return ip.startsWith("127.") || ip === "::1" || ip === "0.0.0.0" || ip === "::" || host.has(ip);
}

/**
 * Whether the real peer is worth a lookup: only a client's can be hidden by its own side's translation, and only behind an
 * address that is not this host's. A server sees whom it talks to.
 */
export function needsPeer({ role, local, remote }: PeerCandidate, host: ReadonlySet<string>): boolean {
	return role === "client" && local.port > 0 && remote.port > 0 && !isLocalAddress(remote.ip, host);
}

/**
 * The real peer in a lookup's answer; undefined when it is the one that was seen, or when the answer is a local redirect to
 * a mesh's proxy (port 15001 of this host for a destination that is not).
 */
export function realPeer(answer: Endpoint, remote: Endpoint, host: ReadonlySet<string>): Endpoint | undefined {
	if (answer.ip === remote.ip && answer.port === remote.port) return undefined;
	const redirected =
		answer.port === MESH_OUTBOUND_PORT && isLocalAddress(answer.ip, host) && !isLocalAddress(remote.ip, host);
	return redirected ? undefined : answer;
}

/** A mistake of the caller, not of the kernel: what the kernel says about a connection is a result. */
export class ConntrackError extends Error {
	override readonly name: string = "ConntrackError";
	readonly code: "ERR_CONNTRACK_NETNS" | "ERR_CONNTRACK_CLOSED";

	constructor(code: ConntrackError["code"], message: string) {
		super(message);
		this.code = code;
	}
}

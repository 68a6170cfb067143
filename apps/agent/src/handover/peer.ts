import { once } from "node:events";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";

/** What agents say to each other, one JSON object a line. */
export type PeerMessage =
	/** Who is there, and which folder it spools to; both sides begin with it. */
	| { readonly type: "hello"; readonly pid: number; readonly version: string; readonly spool?: string }
	/** The new one has attached: what starts from `atNs` (CLOCK_MONOTONIC) on is its own. */
	| { readonly type: "takeover"; readonly atNs: number }
	/** The old one has understood, and listens no more. */
	| { readonly type: "agreed" }
	/** The old one has delivered what was its own, or has not. */
	| { readonly type: "done"; readonly delivered: boolean };

export type PeerHello = Extract<PeerMessage, { type: "hello" }>;

/** The other agent of this machine, at the other end of the control socket. */
export class Peer {
	readonly #socket: Socket;
	readonly #messages: AsyncIterator<string>;
	/** Settles when the other end is gone. */
	readonly gone: Promise<unknown>;

	constructor(socket: Socket) {
		this.#socket = socket;
		socket.on("error", () => {});
		this.gone = once(socket, "close");
		this.#messages = createInterface({ input: socket })[Symbol.asyncIterator]();
	}

	send(message: PeerMessage): void {
		this.#socket.write(`${JSON.stringify(message)}\n`);
	}

	/** The next message, which must be of this type; undefined when the other end is gone, or says something else. */
	async expect<T extends PeerMessage["type"]>(type: T): Promise<Extract<PeerMessage, { type: T }> | undefined> {
		const { done, value } = await this.#messages.next();
		if (done) return undefined;
		try {
			const message = JSON.parse(value) as PeerMessage;
			return message.type === type ? (message as Extract<PeerMessage, { type: T }>) : undefined;
		} catch {
			return undefined;
		}
	}

	close(): void {
		this.#socket.destroy();
	}
}

import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { CliError, EXIT } from "../cli/errors.ts";
import type { Session } from "../live/session.ts";
import { log } from "../logging/log.ts";
import { version } from "../version.ts";
import { Peer } from "./peer.ts";

/** The agent that takes over, and the moment from which on requests are its own. */
export interface Successor {
	readonly peer: Peer;
	readonly pid: number;
	readonly atNs: number;
}

/** What this agent says of itself. */
interface Self {
	/** As the host numbers it. */
	readonly pid: number;
	readonly spool: string | undefined;
}

/** Lets a later agent find this one, and take over from it. Who may open the socket is its owner and root. */
export class ControlServer {
	/** Settles when another agent takes over. */
	readonly successor: Promise<Successor>;
	readonly #server: Server;
	readonly #self: Self;

	private constructor(server: Server, session: Session, self: Self) {
		this.#server = server;
		this.#self = self;
		const { promise, resolve } = Promise.withResolvers<Successor>();
		this.successor = promise;
		server.on("connection", (socket) => void this.#meet(socket, session, resolve));
	}

	/** A socket that was left behind by an agent that was killed makes room: nobody has answered on it. */
	static async listen(path: string, session: Session, self: Self): Promise<ControlServer> {
		rmSync(path, { force: true });
		const server = createServer();
		server.listen(path);
		try {
			await once(server, "listening");
			chmodSync(path, 0o600);
		} catch (error) {
			throw new CliError(
				`cannot listen on ${path}: ${(error as Error).message}; choose another --control`,
				EXIT.runtime,
			);
		}
		return new ControlServer(server, session, self);
	}

	/** Nobody finds this agent any more. */
	close(): void {
		this.#server.close();
	}

	async #meet(socket: Socket, session: Session, resolve: (successor: Successor) => void): Promise<void> {
		const peer = new Peer(socket);
		const hello = await peer.expect("hello");
		if (!hello) {
			peer.close();
			return;
		}
		// Before it makes any: what it delivers is nobody's traffic.
		session.exclude(hello.pid);
		const { pid, spool } = this.#self;
		peer.send({ type: "hello", pid, version: version(), ...(spool === undefined ? {} : { spool }) });
		const takeover = await peer.expect("takeover");
		if (!takeover) {
			peer.close();
			return;
		}
		await session.handover({ fromNs: 0, untilNs: takeover.atNs });
		this.close();
		peer.send({ type: "agreed" });
		log.info(`version ${hello.version} (pid ${hello.pid}) takes over`, { pauseMs: 0 });
		resolve({ peer, pid: hello.pid, atNs: takeover.atNs });
	}
}

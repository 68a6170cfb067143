import { connect } from "node:net";
import { join } from "node:path";
import { monotonicClock } from "@wirescribe/connections";
import type { ControlOptions } from "../cli/control-options.ts";
import type { DeliveryOptions } from "../cli/delivery-options.ts";
import { CliError, EXIT } from "../cli/errors.ts";
import type { Session } from "../live/session.ts";
import { log } from "../logging/log.ts";
import { version } from "../version.ts";
import { Peer, type PeerHello } from "./peer.ts";

/** From the moment on which the new agent writes, both must know of it: a message over a local socket and a question to each partition. */
const NOTICE_NS = 300_000_000;

/** The agent that was there before. */
export interface Predecessor {
	readonly peer: Peer;
	readonly hello: PeerHello;
}

/** Finds the agent that listens on the socket; `ownPid` is what the host calls this process. One that is not to be replaced is an error. */
export async function findPredecessor(
	{ socket, takeover }: ControlOptions,
	ownPid: number,
): Promise<Predecessor | undefined> {
	if (socket === undefined) return undefined;
	const peer = await reach(socket);
	if (!peer) return undefined;
	peer.send({ type: "hello", pid: ownPid, version: version() });
	const hello = await peer.expect("hello");
	if (!hello) {
		peer.close();
		return undefined;
	}
	if (takeover) return { peer, hello };
	peer.close();
	throw new CliError(
		`cannot start: another agent (pid ${hello.pid}, version ${hello.version}) listens on ${socket}; stop it, or take over from it with --takeover`,
		EXIT.runtime,
	);
}

/** Undefined: nobody listens, also where a socket was left behind. */
function reach(path: string): Promise<Peer | undefined> {
	return new Promise((resolve) => {
		const socket = connect(path);
		socket.once("connect", () => resolve(new Peer(socket)));
		socket.once("error", () => resolve(undefined));
	});
}

/** Agrees with the predecessor on a moment, and writes what starts from then on. A predecessor that does not answer loses its say. */
export async function takeOver(session: Session, { hello, peer }: Predecessor): Promise<void> {
	const atNs = monotonicClock()() + NOTICE_NS;
	await session.handover({ fromNs: atNs, untilNs: Number.POSITIVE_INFINITY });
	peer.send({ type: "takeover", atNs });
	const { pid, version: old } = hello;
	if (await peer.expect("agreed")) {
		log.info(`taking over from version ${old} (pid ${pid})`, { pauseMs: 0 });
		void peer.expect("done").then((done) => {
			if (done?.delivered) log.info(`pid ${pid} has delivered what was its own`, { pauseMs: 0 });
			else
				log.error(`pid ${pid} has not delivered all that was its own: its own log says what is missing`, {
					pauseMs: 0,
				});
		});
	} else {
		log.warn(`pid ${pid} is gone: requests of the last ${NOTICE_NS / 1e9} s may be missing`, { pauseMs: 0 });
	}
}

/** A spool has one owner: while the predecessor has the folder of the options, a folder within it is used, and the other way round. */
export function besidePredecessor(delivery: DeliveryOptions, predecessor: Predecessor | undefined): DeliveryOptions {
	const { spool } = delivery;
	if (!spool || predecessor?.hello.spool !== spool.folder) return delivery;
	return { ...delivery, spool: { ...spool, folder: join(spool.folder, "other") } };
}

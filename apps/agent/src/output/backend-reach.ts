import { connect } from "node:net";

const TIMEOUT_MS = 3_000;

/** Opens a connection and closes it again: why that cannot be done, or undefined when it can. */
export function whyUnreachable({ host, port }: { host: string; port: number }): Promise<string | undefined> {
	return new Promise((resolve) => {
		const socket = connect({ host, port, timeout: TIMEOUT_MS });
		const done = (why: string | undefined): void => {
			socket.destroy();
			resolve(why);
		};
		socket.once("connect", () => done(undefined));
		socket.once("timeout", () => done(`does not answer within ${TIMEOUT_MS / 1000} s`));
		socket.once("error", (error: NodeJS.ErrnoException) => done(`cannot be reached: ${error.code ?? error.message}`));
	});
}

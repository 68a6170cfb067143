import process from "node:process";
import type { Writable } from "node:stream";
import { collectUnit } from "./collect-unit.ts";
import { encoderOf, type FileFormat } from "./file-format.ts";
import { UNAVAILABLE } from "./h2-status.ts";
import type { Transport, UnitStatus } from "./transport.ts";

export interface StdoutTransportOptions {
	/** How a message is written; see {@link FileFormat}. */
	readonly format: FileFormat;
	/** Where to (default: the standard output). */
	readonly stream?: Writable;
}

/** Units on the standard output, at its reader's pace. A unit is acknowledged when the system has taken it. */
export function stdoutTransport({ format, stream = process.stdout }: StdoutTransportOptions): Transport {
	const encode = encoderOf(format);
	// What an error means is told by the write's callback.
	const ignore = (): void => {};
	stream.on("error", ignore);

	const take = (messages: readonly Uint8Array[]): Promise<UnitStatus> =>
		new Promise((resolve) => {
			stream.write(encode(messages), (error) => {
				if (error) resolve({ code: UNAVAILABLE, message: error.message, retryDelayMs: null, reached: true });
				else resolve({ code: 0, message: "OK", retryDelayMs: null, reached: true });
			});
		});

	return {
		name: "stdout",
		onConnection: null,
		open: () => collectUnit(take),
		close: () => stream.off("error", ignore),
	};
}

import { type FileHandle, open as openFile, rename, rm } from "node:fs/promises";
import { collectUnit } from "./collect-unit.ts";
import { encoderOf, type FileFormat } from "./file-format.ts";
import { UNAVAILABLE } from "./h2-status.ts";
import type { Transport, UnitStatus } from "./transport.ts";

export interface FileTransportOptions {
	readonly path: string;
	/** How a message is written; see {@link FileFormat}. */
	readonly format: FileFormat;
	/** When the file has this many bytes, it becomes `path.1`, what was that becomes `path.2`, ... (default 64 MiB). */
	readonly maxBytes?: number;
	/** How many of those are kept (default 4). */
	readonly keep?: number;
	/** Acknowledge only what is on the disk, not in the system's memory (default false). */
	readonly fsync?: boolean;
}

/**
 * Units as pieces of a file that is turned over by size. A unit is acknowledged when all of it is written; one that cannot
 * be written whole (a full disk) leaves nothing behind and is tried again.
 */
export function fileTransport(options: FileTransportOptions): Transport {
	const { path, maxBytes = 64 * 1024 * 1024, keep = 4, fsync = false } = options;
	if (!(maxBytes > 0) || !Number.isInteger(keep) || keep < 0) {
		throw new RangeError(
			`Cannot create a file transport as 'maxBytes' must be positive and 'keep' a whole number: received ${maxBytes}, ${keep}`,
		);
	}
	const encode = encoderOf(options.format);
	let file: FileHandle | null = null;
	let length = 0;
	let closed = false;
	/** One unit after another. */
	let turn: Promise<unknown> = Promise.resolve();

	async function turnOver(): Promise<void> {
		await file?.close();
		file = null;
		await rm(`${path}.${keep}`, { force: true });
		for (let n = keep - 1; n >= 0; n--) await renameIfThere(n === 0 ? path : `${path}.${n}`, `${path}.${n + 1}`);
		if (keep === 0) await rm(path, { force: true });
	}

	async function append(bytes: Uint8Array): Promise<void> {
		if (file !== null && length > 0 && length + bytes.length > maxBytes) await turnOver();
		if (file === null) {
			file = await openFile(path, "a");
			length = (await file.stat()).size;
		}
		try {
			for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
			if (fsync) await file.datasync();
		} catch (error) {
			await file.truncate(length).catch(() => {});
			throw error;
		}
		length += bytes.length;
	}

	async function take(messages: readonly Uint8Array[]): Promise<UnitStatus> {
		try {
			if (closed) throw new Error("the transport is closed");
			await append(encode(messages));
			return { code: 0, message: "OK", retryDelayMs: null, reached: true };
		} catch (error) {
			return { code: UNAVAILABLE, message: String(error), retryDelayMs: null, reached: false };
		}
	}

	return {
		name: path,
		onConnection: null,
		open: () =>
			collectUnit((messages) => {
				const taken = turn.then(() => take(messages));
				turn = taken;
				return taken;
			}),
		close() {
			void turn.then(() => {
				closed = true;
				return file?.close();
			});
		},
	};
}

async function renameIfThere(from: string, to: string): Promise<void> {
	try {
		await rename(from, to);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
	}
}

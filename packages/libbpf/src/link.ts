import { cString } from "@wirescribe/ffi";
import { failure } from "./failure.ts";
import { native } from "./native.ts";

/** An attached program. It stays attached until the link is closed or the process ends, also when its object is closed. */
export class Link implements Disposable {
	/** What the program is attached to, in words. */
	readonly target: string;
	#handle: number;

	/** @internal */
	constructor(handle: number, target: string) {
		this.#handle = handle;
		this.target = target;
	}

	/** Detaches. Closing twice is fine. */
	close(): void {
		if (this.#handle === 0) return;
		const result = native().ws_close(this.#handle);
		this.#handle = 0;
		if (result < 0) throw failure("ERR_BPF_ATTACH", result);
	}

	/**
	 * Gives the link away, to be taken by {@linkcode Link.adopt} on another thread of this process: detaching may take the kernel a
	 * tenth of a second. 0 when it was closed already.
	 */
	release(): number {
		const handle = this.#handle;
		this.#handle = 0;
		return handle;
	}

	/** Takes a link that {@linkcode Link.release} gave away. */
	static adopt(handle: number, target: string): Link {
		return new Link(handle, target);
	}

	/** Gives the link a name in the BPF file system: the program then stays attached when this process has ended, until the file is removed. */
	pin(path: string): void {
		const result = native().ws_link_pin(this.#handle, cString(path));
		if (result < 0) throw failure("ERR_BPF_PIN", result);
	}

	/** Runs an iterator program (`SEC("iter/…")`) over all that it walks, and returns what it wrote. */
	read(): Uint8Array {
		const fd = native().ws_link_iterate(this.#handle);
		if (fd < 0) throw failure("ERR_BPF_PROGRAM", fd);
		try {
			return readToEnd(fd);
		} finally {
			native().ws_fd_close(fd);
		}
	}

	[Symbol.dispose](): void {
		this.close();
	}
}

function readToEnd(fd: number): Uint8Array {
	const pieces: Uint8Array[] = [];
	for (;;) {
		const piece = new Uint8Array(65536);
		const length = native().ws_fd_read(fd, piece, piece.byteLength);
		if (length < 0) throw failure("ERR_BPF_PROGRAM", length);
		if (length === 0) break;
		pieces.push(piece.subarray(0, length));
	}
	const all = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
	let at = 0;
	for (const piece of pieces) {
		all.set(piece, at);
		at += piece.byteLength;
	}
	return all;
}

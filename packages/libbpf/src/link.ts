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

	[Symbol.dispose](): void {
		this.close();
	}
}

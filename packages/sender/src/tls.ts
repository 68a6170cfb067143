import { readFileSync, statSync } from "node:fs";

/** TLS by files (PEM). They are read for each connection; when one has changed, the next unit goes by a new connection. */
export interface TlsOptions {
	/** Whom to trust (default: the authorities that the runtime trusts). */
	readonly caFile?: string;
	/** Our own certificate and its key, for peers that ask for one (mutual TLS). */
	readonly certFile?: string;
	readonly keyFile?: string;
	/** The name in the peer's certificate, where it is not the target's. */
	readonly serverName?: string;
}

/** What a connection is made with. */
export interface TlsMaterial {
	readonly ca?: Buffer;
	readonly cert?: Buffer;
	readonly key?: Buffer;
	readonly servername?: string;
}

/** How often files are looked at. */
const LOOK_MS = 1000;

/** The files of a {@link TlsOptions}, as they are now. */
export class TlsFiles {
	readonly #options: TlsOptions;
	readonly #files: readonly string[];
	#stamp = "";
	#lookedMs = 0;

	constructor(options: TlsOptions) {
		const { caFile, certFile, keyFile } = options;
		if ((certFile === undefined) !== (keyFile === undefined)) {
			throw new TypeError("Cannot use a client certificate as 'certFile' and 'keyFile' must be given together");
		}
		this.#options = options;
		this.#files = [caFile, certFile, keyFile].filter((file) => file !== undefined);
	}

	/** Reads them; throws when one is not there. */
	read(): TlsMaterial {
		const { caFile, certFile, keyFile, serverName } = this.#options;
		this.#lookedMs = performance.now();
		this.#stamp = this.#stampNow();
		return {
			...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
			...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
			...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
			...(serverName === undefined ? {} : { servername: serverName }),
		};
	}

	/** Whether one has changed since they were read. Looks at the disk once a second at most. */
	changed(): boolean {
		const now = performance.now();
		if (now - this.#lookedMs < LOOK_MS) return false;
		this.#lookedMs = now;
		return this.#stampNow() !== this.#stamp;
	}

	#stampNow(): string {
		return this.#files
			.map((file) => {
				const { mtimeMs, ino, size } = statSync(file, { throwIfNoEntry: false }) ?? { mtimeMs: 0, ino: 0, size: 0 };
				return `${mtimeMs} ${ino} ${size}`;
			})
			.join();
	}
}

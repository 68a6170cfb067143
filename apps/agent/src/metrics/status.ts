import { log } from "../logging/log.ts";
import { StatusServer, type StatusSources } from "./status-server.ts";

/** The status server of a run, if one was asked for: opened when its address is free. */
export class Status {
	readonly sources: StatusSources;
	readonly #address: { readonly host: string; readonly port: number } | undefined;
	#server: StatusServer | undefined;

	constructor(address: { readonly host: string; readonly port: number } | undefined, sources: StatusSources) {
		this.#address = address;
		this.sources = sources;
	}

	/** Throws a `CliError` when the address cannot be listened on. */
	async listen(): Promise<void> {
		if (!this.#address) return;
		this.#server = await StatusServer.listen(this.#address, this.sources);
		log.info(`serving /metrics, /healthz and /readyz on ${this.#server.url}`, { pauseMs: 0 });
	}

	close(): void {
		this.#server?.close();
		this.#server = undefined;
	}
}

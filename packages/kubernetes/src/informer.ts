import { type ApiClient, type Query, statusFailure } from "./api-client.ts";
import { KubernetesError } from "./kubernetes-error.ts";

/** The part of an object's metadata that an informer needs. */
export interface ObjectMeta {
	readonly uid: string;
	readonly resourceVersion?: string;
}
export interface KubernetesObject {
	readonly metadata: ObjectMeta;
}

export interface InformerOptions<T> {
	readonly client: ApiClient;
	/** Such as `/api/v1/pods`. */
	readonly path: string;
	/** Which of them: `fieldSelector`, `labelSelector`. */
	readonly query?: Query;
	/** What of an object is kept. */
	reduce(object: KubernetesObject): T;
	/** An object is new or has changed, or (undefined) is gone. */
	changed(uid: string, value: T | undefined): void;
	/** The server could not be read; it will be again after `pauseMs`. */
	failed?(error: KubernetesError, pauseMs: number): void;
	/** Pauses before it is tried again: from `min`, doubled up to `max`, with jitter. 0.8 and 30 s if not told. */
	readonly backoffMs?: { readonly min: number; readonly max: number };
	/** Objects in one answer to a list. 500 if not told. */
	readonly pageSize?: number;
}

export interface InformerStats {
	readonly lists: number;
	readonly watches: number;
	/** How often the version was too old (410), so that everything was listed again. */
	readonly expired: number;
	readonly failures: number;
}

/** A watch is asked to end after 5 to 10 minutes, so that the watches of many nodes spread over the servers. */
const WATCH_SECONDS = 300;
/** Bookmarks come about once a minute; a server that is silent past the end it was asked for is gone. */
const GRACE_MS = 30_000;

interface Page {
	readonly items?: readonly KubernetesObject[] | null;
	readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

/**
 * Keeps the objects of one kind as the API server has them: a list, then a watch from its version on.
 *
 *     list ──► watch ──► ended: watch again from the last version seen (objects, bookmarks)
 *       ▲        ├─────► broken, refused: the same, after a pause that doubles
 *       └────────┴─────► 410 Gone, as a status or as an event: list again; what is not in it any more is gone
 *
 * What changed is told once, also by a list that says the same again. Lives until `close()`; nothing of it holds up a caller.
 */
export class Informer<T> {
	/** Settles when the first list is complete. */
	readonly synced: Promise<void>;
	readonly #options: InformerOptions<T>;
	readonly #versions: Map<string, string> = new Map();
	readonly #closed = new AbortController();
	#resolveSynced: () => void = () => {};
	/** Where the next watch starts; undefined: a list is due. */
	#version: string | undefined;
	#wasExpired = false;
	#attempt = 0;
	#lists = 0;
	#watches = 0;
	#expired = 0;
	#failures = 0;

	constructor(options: InformerOptions<T>) {
		this.#options = options;
		this.synced = new Promise((resolve) => {
			this.#resolveSynced = resolve;
		});
		void this.#run();
	}

	stats(): InformerStats {
		return { lists: this.#lists, watches: this.#watches, expired: this.#expired, failures: this.#failures };
	}

	close(): void {
		this.#closed.abort();
	}

	async #run(): Promise<void> {
		const { signal } = this.#closed;
		while (!signal.aborted) {
			let failure: KubernetesError | undefined;
			try {
				this.#version ??= await this.#list();
				await this.#watch(this.#version);
			} catch (error) {
				failure = this.#judge(error);
			}
			if (signal.aborted) return;
			const pauseMs = this.#pauseMs();
			this.#attempt++;
			if (failure) this.#options.failed?.(failure, pauseMs);
			await pause(pauseMs, signal);
		}
	}

	/** What is worth telling: a version that was too old is not. */
	#judge(error: unknown): KubernetesError | undefined {
		if (this.#closed.signal.aborted) return undefined;
		const failure =
			error instanceof KubernetesError
				? error
				: new KubernetesError("ERR_KUBERNETES_PROTOCOL", `Cannot read ${this.#options.path}: ${String(error)}`, {
						cause: error,
					});
		if (failure.code !== "ERR_KUBERNETES_GONE") {
			this.#failures++;
			return failure;
		}
		this.#version = undefined;
		this.#wasExpired = true;
		this.#expired++;
		return undefined;
	}

	/** All objects, page by page; returns the version that they are of. */
	async #list(): Promise<string> {
		const { client, path, query = {}, pageSize = 500 } = this.#options;
		const seen = new Set<string>();
		let version = "";
		let next: string | undefined;
		this.#lists++;
		do {
			// The first time whatever the server has at hand will do; after a 410 that might be as old as before.
			const resourceVersion = this.#wasExpired || next ? undefined : "0";
			const asked = { ...query, limit: pageSize, continue: next, resourceVersion };
			const page = (await client.get(path, asked, this.#closed.signal)) as Page;
			for (const object of page.items ?? []) {
				seen.add(object.metadata.uid);
				this.#set(object);
			}
			version = page.metadata?.resourceVersion ?? "";
			next = page.metadata?.continue;
		} while (next);
		for (const uid of [...this.#versions.keys()]) if (!seen.has(uid)) this.#delete(uid);
		this.#wasExpired = false;
		this.#attempt = 0;
		this.#resolveSynced();
		return version;
	}

	async #watch(resourceVersion: string): Promise<void> {
		const { client, path, query = {} } = this.#options;
		const timeoutSeconds = Math.round(WATCH_SECONDS * (1 + Math.random()));
		this.#watches++;
		await client.watch(
			path,
			{ ...query, resourceVersion, allowWatchBookmarks: "true", timeoutSeconds },
			{
				signal: this.#closed.signal,
				silenceMs: timeoutSeconds * 1000 + GRACE_MS,
				event: (event) => this.#event(event as WatchEvent),
			},
		);
	}

	#event({ type, object }: WatchEvent): void {
		if (this.#closed.signal.aborted) return;
		if (type === "ERROR") throw statusFailure(object?.code ?? 0, object?.message ?? "", this.#options.path);
		const { metadata } = object;
		if (type === "ADDED" || type === "MODIFIED") this.#set(object);
		else if (type === "DELETED") this.#delete(metadata.uid);
		// A bookmark is but a version. The server lives: the next failure is the first one.
		this.#attempt = 0;
		if (metadata?.resourceVersion) this.#version = metadata.resourceVersion;
	}

	#set(object: KubernetesObject): void {
		const { uid, resourceVersion = "" } = object.metadata;
		if (resourceVersion !== "" && this.#versions.get(uid) === resourceVersion) return;
		this.#versions.set(uid, resourceVersion);
		this.#options.changed(uid, this.#options.reduce(object));
	}

	#delete(uid: string): void {
		if (this.#versions.delete(uid)) this.#options.changed(uid, undefined);
	}

	#pauseMs(): number {
		const { min, max } = this.#options.backoffMs ?? { min: 800, max: 30_000 };
		return Math.min(max, min * 2 ** Math.min(this.#attempt, 20)) * (0.5 + Math.random() / 2);
	}
}

interface WatchEvent {
	readonly type: string;
	readonly object: KubernetesObject & { readonly code?: number; readonly message?: string };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const end = (): void => {
			clearTimeout(timer);
			signal.removeEventListener("abort", end);
			resolve();
		};
		const timer = setTimeout(end, ms);
		signal.addEventListener("abort", end, { once: true });
	});
}

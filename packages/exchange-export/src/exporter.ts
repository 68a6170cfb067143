import type { JsonTransaction } from "@wirescribe/access-log";

/** What an export says of itself, and how it is to be used. */
export interface ExportOptions {
	readonly creator: { readonly name: string; readonly version: string };
	/** What a reader should know: that values are overwritten, where it comes from. One line each. */
	readonly notes: readonly string[];
	/** Requests go to this origin (`http://127.0.0.1:8080`) instead of where they went; the Host header stays. */
	readonly to?: string;
}

/** Makes the text of an export piece by piece: head, exchanges one after another, tail. Nothing is kept in between. */
export interface Exporter {
	head(): string;
	/** Empty for what cannot be exported: an exchange whose request was not seen. */
	exchange(tx: JsonTransaction): string;
	tail(): string;
}

import type { JsonTransaction } from "@wirescribe/access-log";
import type { Exporter, ExportOptions } from "./exporter.ts";
import { type Header, headersOf, headerValue, missing, urlOf } from "./request-parts.ts";
import { shellComment, shellQuote } from "./shell-quote.ts";

/** What curl sends of its own; where a request had none, it is told not to. */
const OWN_HEADERS = ["accept", "user-agent"] as const;

/**
 * One curl command for each request, for a POSIX shell. Where headers are known the server sees the same request; values can do no harm in
 * the shell. curl works the length of the body out by itself.
 */
export function curlExporter({ creator, notes, to }: ExportOptions): Exporter {
	return {
		head() {
			const about = [`${creator.name} ${creator.version}`, ...notes].map(shellComment).join("\n");
			return `#!/bin/sh\n${about}\n`;
		},
		exchange(tx) {
			const url = urlOf(tx, to);
			if (url === undefined) return "";
			const outcome = tx.status === null ? "no response" : String(tx.status);
			const about = [tx.time, outcome, `${tx.duration_ms} ms`, ...missing(tx)].join(" · ");
			return `\n${shellComment(about)}\n${command(tx, url, to !== undefined)}\n`;
		},
		tail: () => "",
	};
}

function command(tx: JsonTransaction, url: string, elsewhere: boolean): string {
	const body = bodyOf(tx);
	const words = [
		// No guesses: neither `[1-3]` nor `/../` means anything, and errors are shown.
		"curl --silent --show-error --globoff --path-as-is",
		tx.protocol === "http/1.0" ? "--http1.0" : "--http1.1",
		tx.method === "HEAD" ? "--head" : `--request ${shellQuote(tx.method ?? "")}`,
		...headerWords(tx, elsewhere),
		...(body === undefined ? [] : [`--data-raw ${shellQuote(body)}`]),
		shellQuote(url),
	];
	return words.join(" \\\n  ");
}

/** An empty body is one, too, when its length was sent. */
function bodyOf({ request }: JsonTransaction): string | undefined {
	return request?.body ?? (headerValue(headersOf(request), "content-length") === "0" ? "" : undefined);
}

function headerWords(tx: JsonTransaction, elsewhere: boolean): string[] {
	const headers = headersOf(tx.request);
	if (headers === undefined) return elsewhere && tx.host !== null ? [headerWord(["Host", tx.host])] : [];
	const words = headers.filter(([name]) => isSent(name, elsewhere)).map(headerWord);
	for (const name of bodyOf(tx) === undefined ? OWN_HEADERS : [...OWN_HEADERS, "content-type"]) {
		// An empty one: curl then leaves its own out.
		if (headerValue(headers, name) === undefined) words.push(`--header ${shellQuote(`${name}:`)}`);
	}
	return words;
}

/** The URL names the host, unless it is another one; curl counts the body. */
function isSent(name: string, elsewhere: boolean): boolean {
	const lower = name.toLowerCase();
	return lower !== "content-length" && (lower !== "host" || elsewhere);
}

function headerWord([name, value]: Header): string {
	// With a colon and nothing behind it curl would leave the header out.
	return `--header ${shellQuote(value.trim() === "" ? `${name};` : `${name}: ${value}`)}`;
}

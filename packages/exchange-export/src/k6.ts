import type { Exporter, ExportOptions } from "./exporter.ts";
import { endToEnd, type Header, headersOf, missingOfRequest, urlOf } from "./request-parts.ts";
import { sourceComment, sourceText } from "./script-text.ts";

/** For editors and checkers: requests have different headers. */
const REQUEST = `/**
 * @typedef {object} Request
 * @property {number} at milliseconds after the first one
 * @property {string} name
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {string | null} body
 * @property {number | null} status
 */

/** @type {Request[]} */`;

const TAIL = `];

/** -e BASE_URL=http://host:port sends all of it there. */
function urlOf({ url }) {
	const base = __ENV.BASE_URL;
	return base ? base.replace(/\\/+$/, "") + url.replace(/^https?:\\/\\/[^/]+/, "") : url;
}

export default function () {
	let before = 0;
	for (const one of requests) {
		// -e PACE=1 waits between requests as long as it was waited then.
		if (__ENV.PACE && one.at > before) sleep((one.at - before) / 1000);
		before = one.at;
		const response = http.request(one.method, urlOf(one), one.body, {
			headers: one.headers,
			redirects: 0,
			responseCallback: one.status === null ? undefined : http.expectedStatuses(one.status),
			tags: { name: one.name },
		});
		if (one.status !== null) check(response, { "status as recorded": ({ status }) => status === one.status });
	}
}
`;

/** A script for k6 (Grafana's load generator) that sends the same requests in the same order, and checks their status. */
export function k6Exporter({ creator, notes, to }: ExportOptions): Exporter {
	let firstMs: number | undefined;
	return {
		head() {
			const about = [`${creator.name} ${creator.version}; run it: k6 run FILE`, ...notes].map(sourceComment).join("\n");
			const imports = `import { check, sleep } from "k6";\nimport http from "k6/http";\n`;
			return `${about}\n${imports}\nexport const options = { vus: 1, iterations: 1 };\n\n${REQUEST}\nconst requests = [\n`;
		},
		exchange(tx) {
			const url = urlOf(tx, to);
			if (url === undefined) return "";
			const atMs = Date.parse(tx.time);
			firstMs ??= atMs;
			const incomplete = missingOfRequest(tx);
			const comment = incomplete.length > 0 ? ` ${sourceComment(incomplete.join("; "))}` : "";
			const headers = requestHeaders(headersOf(tx.request), to === undefined ? null : tx.host);
			const name = `${tx.method} ${tx.path?.split("?", 1)[0]}`;
			const { method, status } = tx;
			const request = { at: atMs - firstMs, name, method, url, headers, body: tx.request?.body ?? null, status };
			return `\t${sourceText(request)},${comment}\n`;
		},
		tail: () => TAIL,
	};
}

/** One value a name, as k6 has them; what was sent several times is joined, as RFC 9110 allows. */
function requestHeaders(headers: readonly Header[] | undefined, host: string | null): Record<string, string> {
	const joined: Record<string, string> = host === null ? {} : { Host: host };
	for (const [name, value] of endToEnd(headers ?? [])) {
		if (name.toLowerCase() === "host") continue;
		joined[name] = joined[name] === undefined ? value : `${joined[name]}, ${value}`;
	}
	return joined;
}

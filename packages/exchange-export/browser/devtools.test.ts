import { expect, test } from "vitest";
import { createExporter } from "../src/create-exporter.ts";
import { EXCHANGES, OPTIONS } from "../test/exchanges.ts";
import { importIntoDevtools } from "./devtools.ts";

interface Pair {
	readonly name: string;
	readonly value: string;
}

/** What is compared of an entry of the file. */
interface Entry {
	readonly time: number;
	readonly request: {
		readonly method: string;
		readonly url: string;
		readonly headers: readonly Pair[];
		readonly postData?: { readonly text: string };
	};
	readonly response: {
		readonly status: number;
		readonly headers: readonly Pair[];
		readonly content: { readonly text?: string };
	};
}

test("Chromium's network panel imports a HAR file, and holds what the file says", { timeout: 600_000 }, async () => {
	const exporter = createExporter("har", OPTIONS);
	const har = exporter.head() + EXCHANGES.map((tx) => exporter.exchange(tx)).join("") + exporter.tail();
	const { entries } = (JSON.parse(har) as { log: { entries: Entry[] } }).log;
	expect(entries.length).toBeGreaterThan(3);
	const pairs = (headers: readonly Pair[]) => headers.map(({ name, value }) => [name, value]);

	const shown = await importIntoDevtools(har);
	expect(shown).toEqual(
		entries.map(({ time, request, response }) => ({
			method: request.method,
			url: request.url,
			status: response.status,
			requestHeaders: pairs(request.headers),
			responseHeaders: pairs(response.headers),
			requestBody: request.postData?.text ?? null,
			responseBody: response.content.text ?? "",
			durationMs: expect.closeTo(time, 2),
		})),
	);
});

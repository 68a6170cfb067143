import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXCHANGES, exchange, OPTIONS } from "../test/exchanges.ts";
import { createExporter, EXPORT_FORMATS, type ExportFormat } from "./create-exporter.ts";
import { sourceComment, sourceText } from "./script-text.ts";
import { shellComment, shellQuote } from "./shell-quote.ts";

function exported(format: ExportFormat, exchanges = EXCHANGES, to?: string): string {
	const exporter = createExporter(format, { ...OPTIONS, ...(to === undefined ? {} : { to }) });
	return exporter.head() + exchanges.map((tx) => exporter.exchange(tx)).join("") + exporter.tail();
}

describe("every format", () => {
	it.each(EXPORT_FORMATS)("%s says what a reader should know, in one line", (format) => {
		expect(exported(format)).toMatch(/values are.{1,2}overwritten by x/);
	});

	it.each(EXPORT_FORMATS)("%s leaves out what is no request for a path", (format) => {
		const [half, tunnel] = EXCHANGES.slice(-2) as [(typeof EXCHANGES)[0], (typeof EXCHANGES)[0]];
		expect(exported(format, [half, tunnel])).toBe(exported(format, []));
	});
});

describe("har", () => {
	it("has the request, the answer, and what is not known", () => {
		const { log } = JSON.parse(exported("har"));
		expect(log).toMatchObject({ version: "1.2", creator: OPTIONS.creator });
		const [whole, unanswered, tls, , cut] = log.entries;
		expect(whole.request).toMatchObject({
			method: "POST",
			url: "http://shop.test/orders?page=2&q=%C3%A4",
			httpVersion: "HTTP/1.1",
			queryString: [
				{ name: "page", value: "2" },
				{ name: "q", value: "ä" },
			],
			cookies: [
				{ name: "session", value: "xxxx" },
				{ name: "theme", value: "dark" },
			],
			postData: { mimeType: "application/json", text: '{"name":"O\'Hi"}' },
		});
		expect(whole.response).toMatchObject({
			status: 201,
			redirectURL: "/orders/7",
			content: { size: 8, text: '{"id":7}' },
		});
		expect(whole.response.cookies).toEqual([
			{ name: "a", value: "1" },
			{ name: "b", value: "2" },
		]);
		expect(whole.comment).toBeUndefined();
		expect(unanswered).toMatchObject({ response: { status: 0 }, comment: "headers not logged; response not seen" });
		expect(tls).toMatchObject({ request: { url: "https://[2001:db8::1]:443/orders?page=2&q=%C3%A4" } });
		expect(tls.serverIPAddress).toBe("2001:db8::1");
		expect(cut.comment).toBe("request body cut (9000 bytes on the wire)");
	});
});

describe("curl", () => {
	it("asks for the same with the same headers", () => {
		const [, whole, unknown] = exported("curl").split("\n\n");
		expect(whole).toBe(
			[
				"# 2026-11-29T12:00:00.123456789Z · 201 · 1.25 ms",
				"curl --silent --show-error --globoff --path-as-is \\",
				"  --http1.1 \\",
				"  --request POST \\",
				"  --header 'content-type: application/json' \\",
				"  --header 'cookie: session=xxxx; theme=dark' \\",
				"  --header 'accept: */*' \\",
				"  --header user-agent: \\",
				`  --data-raw '{"name":"O'\\''Hi"}' \\`,
				"  'http://shop.test/orders?page=2&q=%C3%A4'",
			].join("\n"),
		);
		expect(unknown).toContain("headers not logged");
	});

	it("sends it elsewhere, with the Host that it had", () => {
		const text = exported("curl", [exchange()], "http://127.0.0.1:9000/");
		expect(text).toContain("--header 'host: shop.test'");
		expect(text).toContain("'http://127.0.0.1:9000/orders?page=2&q=%C3%A4'");
	});

	it("makes comments of one line and words without meaning", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (text) => {
				expect(shellComment(text)).not.toMatch(/[\r\n]/);
				expect(shellQuote(text)).toMatch(/^([\w@%+=:,./-]+|'[^']*'(\\''[^']*')*)$/);
			}),
		);
	});
});

describe("scripts", () => {
	it("have values that are nothing but values", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (text) => {
				const source = sourceText({ text });
				expect(JSON.parse(source)).toEqual({ text });
				expect(source).not.toMatch(/[\n\r\u2028\u2029]|<\/|\*\//);
				expect(sourceComment(text)).not.toMatch(/[\n\r\u2028\u2029]/);
			}),
		);
	});
});

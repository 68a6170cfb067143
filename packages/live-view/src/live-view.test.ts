import type { JsonTransaction } from "@wirescribe/access-log";
import { describe, expect, it } from "vitest";
import { transaction } from "../test/transactions.ts";
import { frameText } from "./frame.ts";
import { LiveView } from "./live-view.ts";
import { textWidth } from "./text-width.ts";

const START = 1_800_000_000_000;

function viewOf(...transactions: Partial<JsonTransaction>[]): LiveView {
	const view = new LiveView({
		title: "a test",
		compileFilter: (text) => {
			if (!/^\d+$/.test(text)) throw new Error(`'${text}' is no status`);
			return ({ status }) => status === Number(text);
		},
	});
	view.tick(START);
	for (const one of transactions) view.add(transaction(one));
	return view;
}

function shown(view: LiveView, width = 80, height = 24): string {
	return frameText(view.frame(width, height));
}

describe("LiveView", () => {
	it("fills any size, and no line is wider or has a control character", () => {
		const view = viewOf(
			{ path: "/\u001b[31mred\u0007", comm: "\u202eevil" },
			{ path: "/注文/一覧/とても長い名前のページ/とても長い名前のページ/とても長い名前のページ" },
			{ path: `/👩‍👩‍👧‍👦/${"e\u0301".repeat(200)}`, method: "G\nET" },
			{ method: null, path: null, request: null, status: null, comm: null, pid: null, partial: ["request-not-seen"] },
		);
		for (const keys of [[], ["enter"], ["tab", "enter"], ["escape", "?"], ["x", "/", "a", "enter"]]) {
			for (const key of keys) view.press(key);
			for (const [width, height] of [
				[80, 24],
				[20, 5],
				[33, 9],
				[200, 60],
				[1, 1],
			] as const) {
				const frame = view.frame(width, height);
				expect(frame.length).toBe(Math.max(5, height));
				for (const line of frameText(frame).split("\n")) {
					expect(textWidth(line)).toBeLessThanOrEqual(Math.max(20, width));
					expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
				}
			}
		}
	});

	it("sorts by any column, both ways, and goes through the groupings", () => {
		const view = viewOf(
			{ path: "/a", duration_ms: 5 },
			{ path: "/a", duration_ms: 5 },
			{ path: "/b", duration_ms: 900 },
		);
		const first = (): string | undefined => /(GET \/\w)\s+\S+\s+\S+\s+\S+ms/.exec(shown(view))?.[1];
		expect(first()).toBe("GET /a");
		view.press("s");
		view.press("s");
		view.press("s");
		expect(shown(view)).toContain("sorted by P50");
		expect(first()).toBe("GET /b");
		view.press("r");
		expect(first()).toBe("GET /a");
		view.press("g");
		expect(shown(view)).toMatch(/^ PROCESS/m);
		view.press("3");
		expect(shown(view)).toMatch(/^ PEER/m);
	});

	it("filters, says what is wrong with one, and goes back to all", () => {
		const view = viewOf({ path: "/a" }, { path: "/b", status: 503 });
		for (const key of ["/", "5", "0", "x", "enter"]) view.press(key);
		expect(shown(view)).toContain("filter: 50x▏  '50x' is no status");
		for (const key of ["backspace", "3", "enter"]) view.press(key);
		expect(shown(view)).toContain("GET /b");
		expect(shown(view)).not.toContain("GET /a");
		for (const key of ["/", "ctrl-u", "enter"]) view.press(key);
		expect(shown(view)).toContain("GET /a");
		expect(() => new LiveView({ title: "", filter: "x", compileFilter: () => fail() })).toThrow("no such filter");
	});

	it("stands still while it is paused, and says what passed by", () => {
		const view = viewOf({ path: "/a" });
		view.press("p");
		const before = shown(view);
		view.tick(START + 20_000);
		expect(shown(view)).toBe(before);
		view.add(transaction({ path: "/b" }));
		expect(shown(view)).toContain("PAUSED, 1 requests not counted");
		expect(shown(view)).not.toContain("/b");
		view.press("space");
		view.add(transaction({ path: "/c" }));
		expect(shown(view)).toContain("/c");
		expect(shown(view)).not.toContain("PAUSED");
	});

	it("shows a group's requests, and all of one of them, and stays with it", () => {
		const view = viewOf({ path: "/a/1" }, { path: "/a/2", host: "there", trace: TRACE }, { path: "/b" });
		for (const key of ["down", "enter"]) view.press(key);
		expect(shown(view)).toContain("REQUESTS of GET /a/{id}");
		expect(shown(view)).not.toContain("GET /b");
		view.press("down");
		view.press("enter");
		for (let at = 0; at < 3_000; at++) view.add(transaction({ path: "/a/3" }));
		expect(shown(view)).toMatch(/request +GET \/a\/2\n/);
		expect(shown(view)).toMatch(/host +there/);
		expect(shown(view)).toContain("4bf92f3577b34da6a3ce929d0e0e4736");
		view.press("escape");
		view.press("escape");
		expect(shown(view)).toContain("GET /b");
	});

	it("ends by q and Ctrl-C, but not while something is typed", () => {
		const view = viewOf({});
		expect(view.press("q")).toBe("quit");
		expect(view.press("ctrl-c")).toBe("quit");
		view.press("/");
		expect(view.press("q")).toBeUndefined();
		expect(view.press("ctrl-c")).toBe("quit");
	});

	it("shows notices", () => {
		const view = viewOf({});
		view.notice("lost: 3 operations");
		expect(shown(view)).toContain("lost: 3 operations");
	});
});

const TRACE = {
	provider: "w3c",
	trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
	segment_id: null,
	span_id: "00f067aa0ba902b7",
};

function fail(): never {
	throw new Error("no such filter");
}

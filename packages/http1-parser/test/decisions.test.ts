import { expect, test } from "vitest";
import { type Decision, Http1Connection } from "../src/index.ts";
import { Script } from "./wire.ts";

const GET = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

function briefOf(decision: Decision): string {
	switch (decision.type) {
		case "role":
			return `role ${decision.role}`;
		case "pair":
			return `pair ${decision.request.target} ${decision.response.status} ${decision.why}`;
		case "alone":
			return `alone ${decision.message.kind} ${decision.why}`;
		case "wait":
			return `wait ${decision.direction} ${decision.dataId}`;
		case "hole":
			return `hole ${decision.direction} ${decision.within} ${decision.length} ${decision.lost}`;
		default:
			return `resync ${decision.direction}`;
	}
}

/** The decisions on a script's chunks without some of them, in another order when asked. */
function decisions(script: Script, lost: readonly number[] = [], order?: readonly number[]): string[] {
	const found: string[] = [];
	const sink = { exchange() {}, protocol() {} };
	const connection = new Http1Connection({ diagnostics: (d) => void found.push(briefOf(d)) }, sink);
	for (const i of order ?? script.chunks.keys()) if (!lost.includes(i)) connection.append(script.chunks[i]!);
	connection.tick(1e9);
	connection.close(2e9);
	return found;
}

test("order, while nothing is missing", () => {
	expect(decisions(new Script().E(GET).I(OK))).toEqual(["role client", "pair /a 200 order"]);
	expect(decisions(new Script().E(GET))).toEqual(["role client", "alone request no-response"]);
});

test("a response that waits for its request", () => {
	expect(decisions(new Script().E(GET).I(OK), [], [1, 0])).toContain("pair /a 200 order");
	const late = new Script().E(GET).I(OK).E(GET).I(OK);
	expect(decisions(late, [], [0, 1, 3, 2])).toEqual([
		...["role client", "pair /a 200 order", "wait 1 4", "pair /a 200 order"],
	]);
});

test("holes: where and how long", () => {
	const body = new Script().E(GET).I("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").I("def").I("ghi");
	expect(decisions(body, [2])).toEqual(["role client", "pair /a 200 order", "hole 1 body 3 true"]);
	const head = new Script().E(GET).I(OK).E(GET).I(OK.slice(0, 20)).I(OK.slice(20, 30)).I(OK.slice(30));
	expect(decisions(head, [4])).toContain("hole 1 head undefined true");
	const cut = new Script().E(GET).I({ text: OK, captured: 20 });
	expect(decisions(cut)).toContain("hole 1 head undefined false");
	const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n`;
	const data = new Script().E(GET).I(chunked.slice(0, 51)).I(chunked.slice(51, 53)).I(chunked.slice(53));
	expect(decisions(data, [2])).toEqual(["role client", "pair /a 200 order", "hole 1 body 2 true"]);
	const lines = new Script().E(GET).I({ text: chunked, captured: 50, tail: 5 });
	expect(decisions(lines).some((d) => d.startsWith("hole 1 chunk-lines"))).toBe(true);
});

test("a lost response: the hole, the half alone, the resync, and what pairs behind it", () => {
	const script = new Script().E(GET).I(OK).E(GET.replace("/a", "/b")).I(OK);
	expect(decisions(script, [1])).toEqual([
		"role client",
		expect.stringMatching(/^hole 1 between/),
		"resync 1",
		"alone request response-lost",
		"pair /b 200 only-candidate",
	]);
});

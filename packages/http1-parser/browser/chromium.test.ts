import { expect, test } from "vitest";
import { withChromium } from "../../../tools/chromium.ts";
import { portableTests, type Report, serve, urlOf } from "./serve.ts";

const MINUTES = 60_000;

/** Opens the page in a new, headless Chromium, until it has reported. */
async function report(files: readonly string[]): Promise<Report> {
	const reported = Promise.withResolvers<Report>();
	const server = await serve(files, reported.resolve);
	try {
		return await withChromium([urlOf(server)], () => reported.promise);
	} finally {
		server.closeAllConnections();
		server.close();
	}
}

test(
	"the same tests in headless Chromium",
	async () => {
		const { files, leftOut } = portableTests();
		expect(files.length).toBeGreaterThan(4);
		const { agent, globals, ran } = await report(files);
		const failed = ran.filter(({ error }) => error !== undefined);
		console.log(`${agent}: ${ran.length} tests of ${files.length} files; for Node only: ${leftOut.join()}`);
		expect(failed).toEqual([]);
		expect(ran.length).toBeGreaterThan(20);
		expect(globals).toEqual([]);
	},
	10 * MINUTES,
);

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ensureDebian } from "../../../tools/debian.ts";
import { portableTests, type Report, serve, urlOf } from "./serve.ts";

const FLAGS = [
	"--headless",
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];
const MINUTES = 60_000;

beforeAll(() => ensureDebian(["chromium"]), 10 * MINUTES);

/** Opens the page in a new, headless Chromium, and ends it when the page has reported or the browser has gone. */
async function report(files: readonly string[]): Promise<Report> {
	const profile = mkdtempSync(join(tmpdir(), "http1-parser-chromium-"));
	const reported = Promise.withResolvers<Report>();
	const server = await serve(files, reported.resolve);
	const browser = spawn("/usr/bin/chromium", [...FLAGS, `--user-data-dir=${profile}`, urlOf(server)], {
		stdio: ["ignore", "ignore", "pipe"],
		detached: true,
	});
	let errors = "";
	browser.stderr.on("data", (text) => {
		errors += text;
	});
	const ended = once(browser, "exit").then(([code]): never => {
		throw new Error(`chromium ended with ${code} before the page had reported: ${errors.slice(-2000)}`);
	});
	try {
		return await Promise.race([reported.promise, ended]);
	} finally {
		ended.catch(() => undefined);
		const gone = browser.exitCode === null ? once(browser, "exit") : undefined;
		// It leads a group of its own: its helpers go with it.
		if (browser.pid !== undefined && gone !== undefined) process.kill(-browser.pid, "SIGKILL");
		await gone;
		server.closeAllConnections();
		server.close();
		rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
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

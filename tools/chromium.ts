import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Readable } from "node:stream";
import { ensureDebian } from "./debian.ts";

const FLAGS = [
	"--headless=new",
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/**
 * Starts a headless Chromium of Debian's, with a profile of its own, and does the work with it, which is given what it says on
 * stderr. Ends it afterwards, with all its helpers. Rejects when it ends before.
 */
export async function withChromium<Result>(
	args: readonly string[],
	work: (said: Readable) => Promise<Result>,
): Promise<Result> {
	await ensureDebian(["chromium"]);
	const profile = mkdtempSync(join(tmpdir(), "wirescribe-chromium-"));
	const browser = spawn("/usr/bin/chromium", [...FLAGS, `--user-data-dir=${profile}`, ...args], {
		stdio: ["ignore", "ignore", "pipe"],
		detached: true,
		// It leaves the folder of its socket when it is killed.
		env: { ...process.env, TMPDIR: profile },
	});
	let words = "";
	browser.stderr.setEncoding("utf8").on("data", (text: string) => {
		words += text;
	});
	const ended = once(browser, "exit").then(([code]): never => {
		throw new Error(`Chromium ended with ${code} before its work was done: ${words.slice(-2000)}`);
	});
	try {
		return await Promise.race([work(browser.stderr), ended]);
	} finally {
		ended.catch(() => undefined);
		const gone = browser.exitCode === null ? once(browser, "exit") : undefined;
		// It leads a group of its own: its helpers go with it.
		if (browser.pid !== undefined && gone !== undefined) process.kill(-browser.pid, "SIGKILL");
		await gone;
		rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
	}
}

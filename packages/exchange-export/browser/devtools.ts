import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const FLAGS = [
	"--headless=new",
	"--no-sandbox",
	"--disable-gpu",
	"--no-first-run",
	"--disable-background-networking",
	"--remote-debugging-port=0",
	"--remote-allow-origins=*",
];
const BUNDLE = "devtools://devtools/bundled";

/** A request as the network panel holds it. */
export interface PanelRequest {
	readonly method: string;
	readonly url: string;
	readonly status: number;
	readonly requestHeaders: readonly (readonly [name: string, value: string])[];
	readonly responseHeaders: readonly (readonly [name: string, value: string])[];
	readonly requestBody: string | null;
	readonly responseBody: string;
	readonly durationMs: number;
}

/** Runs in Chromium's developer tools: what their "Import HAR file" does, then what the panel has. */
const IMPORT = `async (har) => {
	const { NetworkPanel } = await import("${BUNDLE}/panels/network/network.js");
	const { NetworkLog } = await import("${BUNDLE}/models/logs/logs.js");
	const panel = async () => {
		// Until the tools have started there is none: their own texts are missing.
		for (;;) {
			try {
				return NetworkPanel.NetworkPanel.instance();
			} catch (error) {
				if (performance.now() > 60000) throw error;
				await new Promise((again) => setTimeout(again, 100));
			}
		}
	};
	await (await panel()).networkLogView.onLoadFromFile(new File([har], "traffic.har"));
	const pairs = (headers) => headers.map(({ name, value }) => [name, value]);
	const shown = async (request) => ({
		method: request.requestMethod,
		url: request.url(),
		status: request.statusCode,
		requestHeaders: pairs(request.requestHeaders()),
		responseHeaders: pairs(request.responseHeaders),
		requestBody: await request.requestFormData(),
		responseBody: (await request.requestContentData()).text ?? "",
		durationMs: request.duration * 1000,
	});
	return JSON.stringify(await Promise.all(NetworkLog.NetworkLog.instance().requests().map(shown)));
}`;

interface Answer {
	readonly id?: number;
	readonly error?: { readonly message: string };
	readonly result?: Readonly<Record<string, unknown>>;
}

/** Imports a HAR file into the network panel of a new, headless Chromium, and tells what the panel then holds. */
export async function importIntoDevtools(har: string): Promise<PanelRequest[]> {
	const profile = mkdtempSync(join(tmpdir(), "exchange-export-chromium-"));
	const stdio = ["ignore", "ignore", "pipe"] as const;
	const browser = spawn("/usr/bin/chromium", [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
		...{ stdio: [...stdio], detached: true },
	});
	const ended = once(browser, "exit");
	try {
		using devtools = await connect(await debuggerOf(browser.stderr as NodeJS.ReadableStream, ended));
		return JSON.parse(await devtools.evaluate(`(${IMPORT})(${JSON.stringify(har)})`)) as PanelRequest[];
	} finally {
		// It leads a group of its own: its helpers go with it.
		if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, "SIGKILL");
		await ended;
		rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
	}
}

/** The address that Chromium says its debugger has. */
function debuggerOf(stderr: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<string> {
	let said = "";
	return new Promise((resolve, reject) => {
		stderr.on("data", (text) => {
			said += text;
			const address = /ws:\/\/\S+/.exec(said)?.[0];
			if (address !== undefined) resolve(address);
		});
		ended.then(() => reject(new Error(`chromium has ended before it could be asked: ${said.slice(-2000)}`)));
	});
}

/** A page of the developer tools, by the Chrome DevTools Protocol. */
async function connect(address: string): Promise<Disposable & { evaluate(expression: string): Promise<string> }> {
	const socket = new WebSocket(address);
	const waiting = new Map<number, (answer: Answer) => void>();
	let calls = 0;
	socket.onmessage = ({ data }) => {
		const answer = JSON.parse(String(data)) as Answer;
		if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
	};
	await once(socket, "open");
	const call = async (method: string, params: object, sessionId?: string): Promise<NonNullable<Answer["result"]>> => {
		const id = ++calls;
		socket.send(JSON.stringify({ id, method, params, sessionId }));
		const { error, result = {} } = await new Promise<Answer>((resolve) => waiting.set(id, resolve));
		const thrown = error?.message ?? result["exceptionDetails"];
		if (thrown !== undefined) throw new Error(`Chromium's ${method} failed: ${JSON.stringify(thrown)}`);
		return result;
	};
	const { targetId } = await call("Target.createTarget", { url: `${BUNDLE}/devtools_app.html` });
	const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
	return {
		[Symbol.dispose]: () => socket.close(),
		evaluate: async (expression) => {
			const asked = { expression, awaitPromise: true, returnByValue: true };
			const { result } = await call("Runtime.evaluate", asked, String(sessionId));
			return String((result as { readonly value?: unknown }).value);
		},
	};
}

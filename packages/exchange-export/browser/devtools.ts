import { once } from "node:events";
import type { Readable } from "node:stream";
import { withChromium } from "../../../tools/chromium.ts";

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
export function importIntoDevtools(har: string): Promise<PanelRequest[]> {
	const flags = ["--remote-debugging-port=0", "--remote-allow-origins=*", "about:blank"];
	return withChromium(flags, async (said) => {
		using devtools = await connect(await debuggerOf(said));
		return JSON.parse(await devtools.evaluate(`(${IMPORT})(${JSON.stringify(har)})`)) as PanelRequest[];
	});
}

/** The address that Chromium says its debugger has. */
function debuggerOf(said: Readable): Promise<string> {
	let words = "";
	return new Promise((resolve) => {
		said.on("data", (text) => {
			words += text;
			const address = /ws:\/\/\S+/.exec(words)?.[0];
			if (address !== undefined) resolve(address);
		});
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

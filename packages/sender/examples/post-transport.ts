import type { Transport, UnitRequest, UnitStatus, UnitStream } from "@wirescribe/sender";

/** Units as HTTP requests: one POST each, of its messages one after another, each behind its length (4 bytes, big-endian). */
export function postTransport(url: string): Transport {
	function open({ id, deadlineMs }: UnitRequest): UnitStream {
		const parts: Uint8Array[] = [];
		const cancelled = new AbortController();
		const { promise: status, resolve } = Promise.withResolvers<UnitStatus>();
		return {
			status,
			write(message) {
				parts.push(lengthOf(message), message);
				return true;
			},
			drain: async () => {},
			end() {
				const signal = AbortSignal.any([cancelled.signal, AbortSignal.timeout(deadlineMs)]);
				void post(url, id, Buffer.concat(parts), signal).then(resolve);
			},
			cancel() {
				cancelled.abort();
				resolve({ code: 1, message: "cancelled", retryDelayMs: null, reached: true, broken: true });
			},
		};
	}
	return { name: url, onConnection: null, open, close: () => {} };
}

async function post(url: string, id: string, body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<UnitStatus> {
	try {
		const response = await fetch(url, { method: "POST", headers: { "wirescribe-unit": id }, body, signal });
		await response.arrayBuffer();
		const { ok, status } = response;
		const again = status === 429 || status >= 500;
		const seconds = Number(response.headers.get("retry-after") ?? 0);
		const retryDelayMs = again && seconds > 0 ? seconds * 1000 : null;
		return { code: ok ? 0 : again ? 14 : 3, message: `HTTP ${status}`, retryDelayMs, reached: true };
	} catch (error) {
		return { code: 14, message: String(error), retryDelayMs: null, reached: true, broken: true };
	}
}

function lengthOf(message: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(4);
	new DataView(bytes.buffer).setUint32(0, message.length);
	return bytes;
}

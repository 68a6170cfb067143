import type { JsonMessage, JsonTransaction } from "@wirescribe/access-log";
import type { Exporter, ExportOptions } from "./exporter.ts";
import { endToEnd, headersOf, missing, urlOf } from "./request-parts.ts";
import { sourceComment, sourceText } from "./script-text.ts";

const HEAD = `import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test as base } from "vitest";

export interface RecordedMessage {
	readonly headers: readonly (readonly [name: string, value: string])[];
	readonly body: string;
}

export interface RecordedExchange {
	readonly method: string;
	/** Path and query. */
	readonly path: string;
	/** Null: there was no response. */
	readonly status: number | null;
	readonly request: RecordedMessage;
	readonly response: RecordedMessage;
	/** What of it is not known. */
	readonly missing: readonly string[];
}

export const exchanges: readonly RecordedExchange[] = [
`;

const TAIL = `];

/** vitest's \`test\` with the exchanges, and a server that answers as was recorded: the same request again and again gets one answer after the other. */
export const test = base.extend<{ exchanges: readonly RecordedExchange[]; recordedServer: { readonly url: string } }>({
	// biome-ignore lint/correctness/noEmptyPattern: vitest reads the pattern
	exchanges: async ({}, use) => use(exchanges),
	// biome-ignore lint/correctness/noEmptyPattern: vitest reads the pattern
	recordedServer: async ({}, use) => {
		const asked = new Map<string, number>();
		const server = createServer((request, response) => {
			const key = \`\${request.method} \${request.url}\`;
			const known = exchanges.filter(({ method, path }) => \`\${method} \${path}\` === key);
			const turn = asked.get(key) ?? 0;
			asked.set(key, turn + 1);
			const exchange = known[Math.min(turn, known.length - 1)];
			if (!exchange) return void response.writeHead(501).end(\`\${key} is not in the recording\`);
			if (exchange.status === null) return void request.socket.destroy();
			response.writeHead(exchange.status, exchange.response.headers.flat());
			response.end(exchange.response.body);
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		await use({ url: \`http://127.0.0.1:\${(server.address() as AddressInfo).port}\` });
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	},
});
`;

/**
 * A module for vitest: the exchanges as data, and a `test` whose `recordedServer` is a real server that gives the recorded answers, for
 * the code under test to talk to.
 */
export function vitestExporter({ creator, notes, to }: ExportOptions): Exporter {
	return {
		head() {
			return `${[`${creator.name} ${creator.version}`, ...notes].map(sourceComment).join("\n")}\n${HEAD}`;
		},
		exchange(tx) {
			if (urlOf(tx, to) === undefined) return "";
			return `\t${sourceText(recorded(tx))},\n`;
		},
		tail: () => TAIL,
	};
}

function recorded(tx: JsonTransaction): object {
	return {
		method: tx.method,
		path: tx.path,
		status: tx.status,
		request: message(tx.request),
		response: message(tx.response),
		missing: missing(tx),
	};
}

/** Only bodies that are text are logged: a coding that they had on the wire is not said of what is not in it. */
function message(from: JsonMessage | null): object {
	const headers = endToEnd(headersOf(from) ?? []).filter(([name]) => name.toLowerCase() !== "content-encoding");
	return { headers, body: from?.body ?? "" };
}

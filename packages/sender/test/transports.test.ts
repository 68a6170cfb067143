/** The contract of transports, by those that need no gRPC peer, and by the one that docs/transports.md shows. */
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { postTransport } from "../examples/post-transport.ts";
import { fileTransport, memoryTransport } from "../src/index.ts";
import { type AnsweringSubject, failureContract, type Subject, transportContract } from "./transport-contract.ts";

const text = (message: Uint8Array): string => new TextDecoder().decode(message);

async function inMemory(): Promise<Subject> {
	const transport = memoryTransport();
	const received = async (): Promise<string[]> => transport.units.flatMap(({ messages }) => messages.map(text));
	return { transport, received, [Symbol.asyncDispose]: async () => {} };
}

async function toFile(): Promise<Subject> {
	const folder = await mkdtemp(join(tmpdir(), "wirescribe-transport-"));
	const path = join(folder, "log");
	return {
		transport: fileTransport({ path, format: text }),
		received: async () => (await readFile(path, "utf8")).trimEnd().split("\n"),
		[Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
	};
}

/** A server that takes POSTs apart. */
async function byPost(): Promise<AnsweringSubject> {
	const messages: string[] = [];
	const answers: ("again" | "never" | "silent")[] = [];
	const server = createServer(async (request, response) => {
		const unit = await messagesOf(request);
		const how = unit.length > 0 ? answers.shift() : undefined;
		if (how === "silent") return;
		if (how === undefined) messages.push(...unit);
		response.writeHead(how === undefined ? 204 : how === "again" ? 503 : 400).end();
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	return {
		transport: postTransport(`http://127.0.0.1:${port}/`),
		answer: (...how) => void answers.push(...how),
		received: async () => messages,
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			server.close();
		},
	};
}

async function messagesOf(request: IncomingMessage): Promise<string[]> {
	const parts: Buffer[] = [];
	for await (const part of request) parts.push(part as Buffer);
	const body = Buffer.concat(parts);
	const messages: string[] = [];
	for (let at = 0; at < body.length; ) {
		const start = at + 4;
		at = start + body.readUInt32BE(at);
		messages.push(text(body.subarray(start, at)));
	}
	return messages;
}

describe.each([
	["memory", inMemory],
	["file", toFile],
	["docs/transports.md", byPost],
] as const)("%s", (_, create) => transportContract(create));

describe("docs/transports.md", () => {
	failureContract(byPost);

	test("shows this code", async () => {
		const read = (file: string): Promise<string> => readFile(join(import.meta.dirname, file), "utf8");
		const [code, page] = await Promise.all([
			read("../examples/post-transport.ts"),
			read("../../../docs/transports.md"),
		]);
		expect(page).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
	});
});

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { SrvAddress } from "./discovery.ts";
import { endpointsTransport } from "./endpoints.ts";
import { type MemoryTransport, memoryTransport } from "./memory.ts";
import { createSender } from "./sender.ts";
import type { Transport, UnitStatus } from "./transport.ts";

/** Endpoints that are up or down, and who was asked. */
function network(down: Set<string>): { connect: (target: string) => Transport; asked: string[] } {
	const asked: string[] = [];
	const connect = (target: string): MemoryTransport => {
		const broken: Partial<UnitStatus> = { code: 14, reached: false, broken: true };
		return memoryTransport({
			respond: () => {
				asked.push(target);
				return down.has(target) ? broken : {};
			},
		});
	};
	return { connect, asked };
}

async function deliver(transport: Transport, units: number, each: (n: number) => void = () => {}): Promise<void> {
	const sender = createSender({ transport, streams: 1, retry: { initialMs: 2, maxMs: 5 } });
	const nothing = new Uint8Array(0);
	for (let n = 0; n < units; n++) {
		each(n);
		sender.enqueue({ key: 1, version: 1, preamble: nothing, body: new Uint8Array(10) });
		await sender.flush();
	}
	expect(await sender.shutdown()).toMatchObject({ acked: units });
}

const slow = { initialMs: 60_000 };

test("a later tier is asked only while nobody of the earlier ones is well, and without waiting", async () => {
	const down = new Set<string>();
	const { connect, asked } = network(down);
	const tiers = [["a:1", "b:1"], ["c:1"]];
	const retry = { initialMs: 60_000, jitter: 0 };
	const sender = createSender({ transport: endpointsTransport({ tiers, connect, ...slow }), streams: 1, retry });
	for (const [fails, wanted] of [
		[[], /^[ab]:1$/],
		[["a:1", "b:1"], /^c:1$/],
	] as const) {
		for (const target of fails) down.add(target);
		sender.enqueue({ key: 1, version: 1, preamble: new Uint8Array(0), body: new Uint8Array(1) });
		await sender.flush();
		expect(asked.at(-1)).toMatch(wanted);
	}
	expect((await sender.shutdown()).acked).toBe(2);
});

test("within a tier the lot decides", async () => {
	const { connect, asked } = network(new Set());
	for (let n = 0; n < 60; n++) await deliver(endpointsTransport({ tiers: [["a:1", "b:1"]], connect }), 1);
	expect(new Set(asked)).toEqual(new Set(["a:1", "b:1"]));
});

test("an endpoint that is well again is found when the connection has its age", async () => {
	const down = new Set(["a:1"]);
	const { connect, asked } = network(down);
	const ages = { maxConnectionAgeMs: 1, initialMs: 1, maxMs: 2 };
	const transport = endpointsTransport({ tiers: [["a:1"], ["b:1"]], connect, ...ages });
	const sender = createSender({ transport, streams: 1, retry: { initialMs: 2, maxMs: 5 } });
	const put = async (): Promise<string | undefined> => {
		sender.enqueue({ key: 1, version: 1, preamble: new Uint8Array(0), body: new Uint8Array(1) });
		await sender.flush();
		return asked.at(-1);
	};
	expect(await put()).toBe("b:1");
	down.clear();
	await expect.poll(put).toBe("a:1");
	await sender.shutdown();
});

test("SRV records: by priority, asked for again when there was no answer, kept when a later one fails", async () => {
	const { connect, asked } = network(new Set());
	const answers: (readonly SrvAddress[] | null)[] = [
		null,
		[
			{ name: "two", port: 2, priority: 20, weight: 1 },
			{ name: "one", port: 1, priority: 10, weight: 1 },
		],
		null,
	];
	let lookups = 0;
	const lookup = async (name: string): Promise<readonly SrvAddress[]> => {
		expect(name).toBe("_grpc._tcp.test");
		const answer = answers[Math.min(lookups++, 2)];
		if (!answer) throw new Error("SERVFAIL");
		return answer;
	};
	const options = { tiers: [{ srv: "_grpc._tcp.test" }], connect, lookup, initialMs: 1, maxMs: 2, discoveryMs: 1 };
	await deliver(endpointsTransport({ ...options, maxConnectionAgeMs: 1 }), 20);
	expect(new Set(asked)).toEqual(new Set(["one:1"]));
	expect(lookups).toBeGreaterThan(1);
});

test("an HTTP registry: asked again, kept when it fails, whatever it answers", async () => {
	const answers: readonly [status: number, body: string][] = [
		[503, "later"],
		[200, "not JSON"],
		[200, "{}"],
		[200, '[{"targets": ["one:1"], "labels": {"zone": "a"}}]'],
		[500, ""],
		[200, '["two:2"]'],
	];
	const asked: string[] = [];
	let questions = 0;
	const server = createServer((request, response) => {
		asked.push(`${request.method} ${request.url} ${request.headers["x-token"]}`);
		const [status, body] = answers[Math.min(questions, answers.length - 1)] as [number, string];
		// The first endpoint is named until it has been used.
		if (!body.includes("one:1") || peers.asked.length > 0) questions++;
		response.writeHead(status).end(body);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	const peers = network(new Set());
	const tier = { registry: `http://127.0.0.1:${port}/collectors`, headers: { "x-token": "t" } };
	const times = { initialMs: 1, maxMs: 2, discoveryMs: 1, maxConnectionAgeMs: 1 };
	const transport = endpointsTransport({ tiers: [tier], connect: peers.connect, ...times });
	const sender = createSender({ transport, streams: 1, retry: { initialMs: 2, maxMs: 5 } });
	await expect
		.poll(async () => {
			sender.enqueue({ key: 1, version: 1, preamble: new Uint8Array(0), body: new Uint8Array(1) });
			await sender.flush();
			return peers.asked.at(-1);
		})
		.toBe("two:2");
	server.close();
	const { acked, accepted } = await sender.shutdown();
	expect(acked).toBe(accepted);
	expect([...new Set(peers.asked)]).toEqual(["one:1", "two:2"]);
	expect(asked[0]).toBe("GET /collectors t");
});

test("no endpoints, no transport", () => {
	for (const tiers of [[], [[]]]) {
		expect(() => endpointsTransport({ tiers, connect: () => memoryTransport() })).toThrow(TypeError);
	}
});

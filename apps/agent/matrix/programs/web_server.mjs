/** [KEY CERT]: Bun.serve or Deno.serve with the answers of the matrix; logs each request as a JSON line. */
import { readFileSync } from "node:fs";
import process from "node:process";

const { Bun, Deno } = globalThis;
const [key, cert] = process.argv.slice(2).map((file) => readFileSync(file, "utf8"));

function log(request, status) {
	const { pathname, search } = new URL(request.url);
	console.log(JSON.stringify({ method: request.method, path: pathname + search, status }));
}

/** A body of unknown length, which is sent in chunks. */
function pieces(size) {
	let left = size;
	return new ReadableStream({
		pull(controller) {
			if (left <= 0) return controller.close();
			controller.enqueue(new Uint8Array(Math.min(left, 4093)));
			left -= 4093;
		},
	});
}

async function answer(request, server) {
	const query = new URL(request.url).searchParams;
	if (query.has("ws")) {
		log(request, 101);
		if (Bun) return server.upgrade(request) ? undefined : new Response("no upgrade", { status: 400 });
		const { socket, response } = Deno.upgradeWebSocket(request);
		socket.binaryType = "arraybuffer";
		socket.onmessage = ({ data }) => socket.send(data);
		return response;
	}
	try {
		if (request.body) for await (const _ of request.body);
	} catch {
		return new Response(null, { status: 400 });
	}
	log(request, 200);
	const size = Number(query.get("size") ?? 7);
	if (request.method === "HEAD") return new Response(null, { headers: { "Content-Length": String(size) } });
	return new Response(query.has("chunked") ? pieces(size) : new Uint8Array(size));
}

const address = { hostname: "127.0.0.1", port: 0 };
if (Bun) {
	const websocket = { message: (socket, data) => socket.send(data) };
	const tls = key ? { tls: { key, cert } } : {};
	const server = Bun.serve({ ...address, ...tls, fetch: answer, websocket, maxRequestBodySize: 2 ** 30 });
	console.log(server.port);
} else {
	const tls = key ? { key, cert } : {};
	Deno.serve({ ...address, ...tls, onListen: ({ port }) => console.log(port), onError: () => new Response() }, answer);
}

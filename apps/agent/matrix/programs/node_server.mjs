/** [KEY CERT]: node:http or node:https with the answers of the matrix; logs each request as a JSON line. JavaScript, as Node 20 runs it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";

const [key, cert] = process.argv.slice(2).map((file) => readFileSync(file));
const PIECE = Buffer.alloc(65536, "n");

function log(request, status) {
	console.log(JSON.stringify({ method: request.method, path: request.url, status }));
}

/** A body in pieces, as fast as the other end takes it. */
async function write(response, size) {
	for (let left = size; left > 0 && !response.destroyed; left -= PIECE.length) {
		if (response.write(PIECE.subarray(0, left))) continue;
		await new Promise((resolve) => {
			response.once("drain", resolve).once("close", resolve);
		});
	}
	response.end();
}

async function answer(request, response) {
	request.on("error", () => {});
	try {
		for await (const _ of request);
	} catch {
		return;
	}
	const query = new URL(request.url, "http://h").searchParams;
	const size = Number(query.get("size") ?? 7);
	log(request, 200);
	if (!query.has("chunked")) response.setHeader("Content-Length", size);
	response.writeHead(200);
	if (request.method === "HEAD") response.end();
	else await write(response, size);
}

/** Echoes what comes in, frame by frame. */
function upgrade(request, socket, head) {
	log(request, 101);
	const accept = createHash("sha1").update(
		`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
	);
	socket.write(
		`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.digest("base64")}\r\n\r\n`,
	);
	let bytes = head;
	socket.on("error", () => {});
	socket.on("data", (data) => {
		bytes = Buffer.concat([bytes, data]);
		while (bytes.length >= 8 && (bytes[1] & 127) === 126 && bytes.length >= 8 + bytes.readUInt16BE(2)) {
			const size = bytes.readUInt16BE(2);
			socket.write(Buffer.concat([Buffer.from([bytes[0], 126]), bytes.subarray(2, 4), bytes.subarray(8, 8 + size)]));
			bytes = bytes.subarray(8 + size);
		}
		if (bytes.length >= 2 && (bytes[1] & 127) < 126) socket.end();
	});
}

const server = key ? createTlsServer({ key, cert }, answer) : createServer(answer);
server.keepAliveTimeout = 60_000;
server.on("upgrade", upgrade);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

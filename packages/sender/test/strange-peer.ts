/*
 * A peer that does what the metadata `scenario` tells it, in HTTP/2's own terms, and one that speaks HTTP/1 only. A process
 * of its own: it is Node's server, whatever runtime the tests run in. Prints a line of JSON, `{ peer, http1 }`, its addresses,
 * then one for each stream that is over.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer, type Server } from "node:net";
import process from "node:process";

const print = (line: unknown): unknown => writeSync(1, `${JSON.stringify(line)}\n`);

const headers = { ":status": 200, "content-type": "application/grpc" };
/** google.rpc.Status { details: Any { RetryInfo { 1.5 s } } } */
const retryInfo = Buffer.concat([
	Buffer.from([0x1a, 54, 0x0a, 40]),
	Buffer.from("type.googleapis.com/google.rpc.RetryInfo"),
	Buffer.from([0x12, 10, 0x0a, 8, 0x08, 1, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]),
]);

function withTrailers(stream: ServerHttp2Stream, trailers: Record<string, string>, body: Buffer | null): void {
	stream.respond(headers, { waitForTrailers: true });
	stream.once("wantTrailers", () => stream.sendTrailers(trailers));
	stream.end(body ?? Buffer.alloc(0));
}

function only(stream: ServerHttp2Stream, trailers: Record<string, string>): void {
	stream.respond({ ...headers, ...trailers }, { endStream: true });
}

type Act = (stream: ServerHttp2Stream, argument: string) => void;

/** As soon as the stream has begun. */
const early: Readonly<Record<string, Act>> = {
	refuse: (stream) => only(stream, { "grpc-status": "14", "grpc-message": "not%20now%21" }),
	reset: (stream, code) => stream.close(Number(code)),
	cut: (stream) => void stream.once("data", () => stream.session?.socket.destroy()),
	goaway: (stream, code) => stream.session?.goaway(Number(code), 0, Buffer.from("too_many_pings")),
	silent: () => {},
	// Reads nothing: its window stays shut.
	stalled: (stream) => void stream.pause().on("aborted", () => stream.destroy()),
};

/** When the stream has ended. */
const late: Readonly<Record<string, Act>> = {
	ok: (stream) => withTrailers(stream, { "grpc-status": "0" }, Buffer.alloc(5)),
	status: (stream, code) => withTrailers(stream, { "grpc-status": code, "grpc-message": "so%20be%20it 100%" }, null),
	busy: (stream) =>
		withTrailers(stream, { "grpc-status": "8", "grpc-status-details-bin": retryInfo.toString("base64") }, null),
	only: (stream, code) => only(stream, { "grpc-status": code, "grpc-message": "headers%20only" }),
	"no-trailers": (stream) => {
		stream.respond(headers);
		stream.end(Buffer.alloc(5));
	},
	"no-status": (stream) => withTrailers(stream, { other: "1" }, null),
	http: (stream, status) => {
		stream.respond({ ":status": Number(status), "content-type": "text/html" });
		stream.end("<h1>Sorry</h1>");
	},
	flood: (stream) => {
		stream.respond(headers);
		const more = (): void => {
			while (!stream.destroyed && stream.write(Buffer.alloc(64 * 1024)));
		};
		stream.on("drain", more);
		more();
	},
	// The peer says goodbye while nothing is going on.
	"leave-later": (stream) => {
		const { session } = stream;
		withTrailers(stream, { "grpc-status": "0" }, null);
		stream.on("close", () => setTimeout(() => session?.destroyed === false && session.goaway(0), 50));
	},
	// The stream ends well; the connection takes no more.
	leave: (stream) => {
		stream.session?.goaway(0);
		withTrailers(stream, { "grpc-status": "0" }, null);
	},
};

let connections = 0;
const server = createServer();
server.on("session", (session) => {
	const connection = ++connections;
	session.on("error", () => {});
	session.on("stream", (stream, headers) => {
		const [scenario = "", argument = ""] = String(headers["scenario"]).split(" ");
		const body = createHash("sha256");
		let bytes = 0;
		stream.on("error", () => {});
		if (scenario !== "stalled") {
			stream.on("data", (part: Buffer) => {
				body.update(part);
				bytes += part.length;
			});
		}
		stream.on("end", () => late[scenario]?.(stream, argument));
		stream.on("close", () => {
			print({ headers, bytes, hash: body.digest("hex"), connection, rstCode: stream.rstCode });
		});
		early[scenario]?.(stream, argument);
	});
});

const http1 = createTcpServer((socket) => {
	socket.on("error", () => {});
	socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
});

async function listen(server: Server | Http2Server): Promise<string> {
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const bound = server.address();
	return `127.0.0.1:${typeof bound === "object" ? bound?.port : 0}`;
}

// Whoever started it has ended, if its pipe does.
process.stdin.resume().on("end", () => process.exit());
print({ peer: await listen(server), http1: await listen(http1) });

import { once } from "node:events";
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";

/** A stream as it has come in. */
export interface Received {
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
	/** Counts connections from 1. */
	readonly connection: number;
	readonly rstCode: number;
}

/** A peer that does what the metadata `scenario` tells it, in HTTP/2's own terms. */
export interface StrangePeer extends AsyncDisposable {
	readonly address: string;
	/** Streams that are over, in their order. */
	readonly received: readonly Received[];
}

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

/** Starts the peer on a port of its own. */
export async function startStrangePeer(): Promise<StrangePeer> {
	const received: Received[] = [];
	let connections = 0;
	const server: Http2Server = createServer();
	server.on("session", (session) => {
		const connection = ++connections;
		session.on("error", () => {});
		session.on("stream", (stream, headers) => {
			const [scenario = "", argument = ""] = String(headers["scenario"]).split(" ");
			const body: Buffer[] = [];
			stream.on("error", () => {});
			if (scenario !== "stalled") stream.on("data", (part: Buffer) => body.push(part));
			stream.on("end", () => late[scenario]?.(stream, argument));
			stream.on("close", () =>
				received.push({ headers, body: Buffer.concat(body), connection, rstCode: stream.rstCode ?? 0 }),
			);
			early[scenario]?.(stream, argument);
		});
	});
	return { ...(await listen(server)), received };
}

/** A server that speaks HTTP/1 only. */
export async function startHttp1Peer(): Promise<{ readonly address: string } & AsyncDisposable> {
	const server = createTcpServer((socket) => {
		socket.on("error", () => {});
		socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	});
	return listen(server);
}

async function listen(server: Server | Http2Server): Promise<{ readonly address: string } & AsyncDisposable> {
	const sockets = new Set<Socket>();
	server.on("connection", (socket: Socket) => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const bound = server.address();
	const port = typeof bound === "object" ? bound?.port : 0;
	return {
		address: `127.0.0.1:${port}`,
		async [Symbol.asyncDispose]() {
			const closed = once(server, "close");
			server.close();
			for (const socket of sockets) socket.destroy();
			await closed;
		},
	};
}

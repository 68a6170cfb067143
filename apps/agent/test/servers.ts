import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A process that a test started; it is ended by its id when the scope is left. */
export class Program implements AsyncDisposable {
	readonly child: ChildProcess;
	/** What it has printed, complaints between the rest as they came. */
	output = "";
	/** Without the complaints. */
	stdout = "";

	constructor(file: string, args: readonly string[]) {
		this.child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
		this.child.stdout?.on("data", (data) => {
			this.output += data;
			this.stdout += data;
		});
		this.child.stderr?.on("data", (data) => {
			this.output += data;
		});
	}

	get pid(): number {
		return this.child.pid as number;
	}

	/** Starts it and waits for the port number that it prints first. */
	static async listening(file: string, args: readonly string[]): Promise<{ program: Program; port: number }> {
		const program = new Program(file, args);
		const end = performance.now() + 10_000;
		while (!/^\d+\n/.test(program.output)) {
			if (program.child.exitCode !== null || performance.now() > end) {
				throw new Error(`${file} ${args.join(" ")} does not listen: ${program.output}`);
			}
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		return { program, port: Number.parseInt(program.output, 10) };
	}

	async exit(): Promise<number | null> {
		if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
		return this.child.exitCode;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
		await this.exit();
	}
}

/** A Node server: echoes the request's body length, on IPv4 or IPv6. */
export const NODE_SERVER = `
const http = require("node:http");
const server = http.createServer((request, response) => {
  let bytes = 0;
  request.on("data", (data) => { bytes += data.length; });
  request.on("end", () => {
    const body = "x".repeat(Number(new URL(request.url, "http://h").searchParams.get("size") ?? 5));
    response.writeHead(request.url.startsWith("/missing") ? 404 : 200, { "content-length": body.length, "x-got": String(bytes) });
    response.end(request.method === "HEAD" ? undefined : body);
  });
});
server.keepAliveTimeout = 60000;
server.listen(0, process.argv[1], () => console.log(server.address().port));
`;

/** Python's http.server, which reads with a blocking recv and closes or keeps alive as HTTP/1.1 says. */
export const PYTHON_SERVER = `
import sys, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b"hello from python"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
`;

/** Python's http.client, GET and POST over one connection. */
export const PYTHON_CLIENT = `
import sys, http.client
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
connection.request("GET", "/python/get?size=9")
connection.getresponse().read()
connection.request("POST", "/python/post", body=b"0123456789")
connection.getresponse().read()
connection.close()
`;

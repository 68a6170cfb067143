/** Servers and clients over TLS, as programs for `-e` and `-c`. Servers take KEY CERT and print their port. */

/** Answers with the length of the request's body, as text, and closes nothing. */
export const NODE_TLS_SERVER = `
const https = require("node:https");
const { readFileSync } = require("node:fs");
const [key, cert] = process.argv.slice(1).map((file) => readFileSync(file));
const server = https.createServer({ key, cert }, (request, response) => {
  let bytes = 0;
  request.on("data", (data) => { bytes += data.length; });
  request.on("end", () => {
    const body = "n".repeat(Number(new URL(request.url, "http://h").searchParams.get("size") ?? 5));
    response.writeHead(bytes > 0 ? 201 : 200, { "content-length": body.length, "x-got": String(bytes) });
    response.end(body);
  });
});
server.keepAliveTimeout = 60000;
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

export const PYTHON_TLS_SERVER = `
import sys, ssl, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.answer(200, b"p" * int(self.path.partition("size=")[2] or 5))
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(201, b"ppppp")
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[1])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
`;

/** PORT NAME: GET, POST of 10 bytes and GET of 20,000 bytes on one connection. */
export const NODE_TLS_CLIENT = `
const https = require("node:https");
const [port, name] = process.argv.slice(1);
const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
const call = (method, path, body) => new Promise((resolve, reject) => {
  const request = https.request({ host: "127.0.0.1", port, path, method, agent }, (response) => {
    response.resume();
    response.on("end", resolve);
  });
  request.on("error", reject);
  request.end(body);
});
(async () => {
  await call("GET", "/" + name + "/get?size=7");
  await call("POST", "/" + name + "/post", "0123456789");
  await call("GET", "/" + name + "/large?size=20000");
  agent.destroy();
})();
`;

export const PYTHON_TLS_CLIENT = `
import sys, ssl, http.client
port, name = sys.argv[1:]
connection = http.client.HTTPSConnection("127.0.0.1", int(port), context=ssl._create_unverified_context())
def call(method, path, body=None):
    connection.request(method, "/" + name + path, body=body)
    connection.getresponse().read()
call("GET", "/get?size=7")
call("POST", "/post", b"0123456789")
call("GET", "/large?size=20000")
`;

/** PORT: three requests written at once, then their answers. */
export const PYTHON_TLS_PIPELINE = `
import sys, ssl, socket
context = ssl._create_unverified_context()
stream = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
paths = ["/pipe/1?size=7", "/pipe/2?size=7", "/pipe/3?size=7"]
stream.sendall(b"".join(f"GET {path} HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n".encode() for path in paths))
received = b""
while received.count(b"HTTP/1.1 200") < 3 or not received.endswith(b"nnnnnnn"): received += stream.recv(100)
stream.close()
`;

/** A proxy that makes tunnels (CONNECT, RFC 9110 section 9.3.6) and prints its port. */
export const CONNECT_PROXY = `
const { connect } = require("node:net");
const server = require("node:http").createServer();
server.on("connect", (request, client, head) => {
  const target = connect(request.url.split(":")[1], "127.0.0.1", () => {
    client.write("HTTP/1.1 200 Connection established\\r\\n\\r\\n");
    target.write(head);
    target.pipe(client).pipe(target);
  });
  for (const socket of [client, target]) socket.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/** PORT PROXY: a GET through a tunnel. */
export const NODE_TUNNEL_CLIENT = `
const [port, proxy] = process.argv.slice(1);
const request = require("node:http").request({ host: "127.0.0.1", port: proxy, method: "CONNECT", path: "127.0.0.1:" + port });
request.on("connect", (response, socket) => {
  const stream = require("node:tls").connect({ socket, rejectUnauthorized: false }, () => {
    stream.write("GET /tunnel/node?size=7 HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n");
  });
  stream.resume().on("end", () => socket.destroy());
});
request.end();
`;

"""[KEY CERT]: Python's http.server with the answers of the matrix; logs each request as a JSON line."""

import base64
import hashlib
import http.server
import json
import ssl
import struct
import sys
import threading
from urllib.parse import parse_qs, urlsplit


# Lines of two connections must not run into each other.
LOG = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if "ws" in query:
            self.websocket()
            return
        self.read_body()
        size = int(query.get("size", "7"))
        self.send_response(200)
        if "chunked" in query:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command == "HEAD":
            return
        for done in range(0, size, 65536):
            piece = b"p" * min(65536, size - done)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if "chunked" in query else piece)
        if "chunked" in query:
            self.wfile.write(b"0\r\n\r\n")

    def read_body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while (size := int(self.rfile.readline(), 16)) > 0:
                self.rfile.read(size + 2)
            self.rfile.readline()
        length = int(self.headers.get("Content-Length", 0))
        while length > 0:
            data = self.rfile.read(min(65536, length))
            if not data:
                raise ConnectionError("the body ends early")
            length -= len(data)

    def websocket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while (start := self.rfile.read(2)) and start[1] & 127 == 126:
            size = self.rfile.read(2)
            self.rfile.read(4)
            self.wfile.write(start[:1] + b"\x7e" + size + self.rfile.read(struct.unpack(">H", size)[0]))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer

    def log_request(self, code="-", size="-"):
        if code != 100:
            with LOG:
                sys.stdout.write(json.dumps({"method": self.command, "path": self.path, "status": int(code)}) + "\n")
                sys.stdout.flush()


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that went away is part of the matrix."""


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) == 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[1])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()

"""
[KEY CERT]: answers as the query says and logs every exchange with its sizes on the wire, one JSON line each. Query:
size, chunked=1, close=1 (the end of the body is the end of the connection), slow=1 (a byte a write), reset=BYTES (of the
body, then the connection is reset), ws=1 (a WebSocket that echoes).
"""

import base64
import hashlib
import json
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

from wire import Cut, Wire, chunks


class Connection(socketserver.BaseRequestHandler):
    def handle(self):
        sock = self.request
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            sock = context.wrap_socket(sock, server_side=True)
            self.request = sock
        wire = Wire(sock)
        try:
            while self.exchange(sock, wire):
                pass
        except (Cut, OSError):
            pass
        try:
            sock.close()
        except OSError:
            pass

    def exchange(self, sock, wire):
        """One request and its answer; whether another may follow."""
        start, fields, length = wire.head()
        method, path, version = start.split(" ")
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        record = {"method": method, "path": path, "status": 200, "request": [length, 0], "response": None}
        if "100" in fields.get("expect", ""):
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        wire.body(fields, False)
        record["request"][1] = wire.body_bytes
        if "ws" in query:
            return self.websocket(sock, wire, fields, record)
        keep = version == "HTTP/1.1" and fields.get("connection", "").lower() != "close" and "close" not in query
        self.answer(sock, query, record, keep)
        return keep and "reset" not in query

    def answer(self, sock, query, record, keep):
        size = int(query.get("size", "7"))
        lines = [b"HTTP/1.1 200 OK", b"Content-Type: application/octet-stream"]
        if not keep:
            lines.append(b"Connection: close")
        if "chunked" in query:
            lines.append(b"Transfer-Encoding: chunked")
            body = list(chunks(size, 4093))
        else:
            if "close" not in query:
                lines.append(b"Content-Length: %d" % size)
            body = [b"d" * min(262144, size - done) for done in range(0, size, 262144)]
        if "reset" in query:
            body = [b"r" * int(query["reset"])]
            record["cut"] = True
        if record["method"] == "HEAD":
            body = []
        head = b"\r\n".join([*lines, b"", b""])
        record["response"] = [len(head), sum(map(len, body))]
        # Logged before the last byte, so that nobody who has the answer can miss it here.
        log(record)
        parts = [head, *body]
        if "slow" in query:
            parts = [bytes([byte]) for byte in b"".join(parts)]
        for part in parts:
            sock.sendall(part)
        if "reset" in query:
            # What was sent is with the client by then: a reset throws away what waits.
            time.sleep(0.3)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def websocket(self, sock, wire, fields, record):
        key = fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest())
        lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
        head = b"\r\n".join([*lines, b"Sec-WebSocket-Accept: " + accept, b"", b""])
        record["status"] = 101
        record["response"] = [len(head), 0]
        log(record)
        sock.sendall(head)
        while True:
            first, second = wire.exactly(2)
            length = second & 127
            if length == 126:
                length = struct.unpack(">H", wire.exactly(2))[0]
            mask = wire.exactly(4)
            data = bytes(byte ^ mask[place % 4] for place, byte in enumerate(wire.exactly(length)))
            size = bytes([length]) if length < 126 else b"\x7e" + struct.pack(">H", length)
            sock.sendall(bytes([first]) + size + data)
            if first & 15 == 8:
                return False


# Lines of two connections must not run into each other.
LOG = threading.Lock()


def log(record):
    with LOG:
        sys.stdout.write(json.dumps(record) + "\n")
        sys.stdout.flush()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


context = None
if len(sys.argv) == 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[1])
server = Server(("127.0.0.1", 0), Connection)
print(server.server_address[1], flush=True)
server.serve_forever()

"""
PORT SCENARIO PREFIX DOWNLOAD [tls]: speaks HTTP byte by byte, so that it knows the size of everything on the wire, and
prints what was sent and received as JSON. DOWNLOAD is the path of a file of {size} bytes.
"""

import json
import socket
import ssl
import struct
import sys

from wire import MEGABYTE, Cut, Wire, chunks

port, scenario, prefix, download = sys.argv[1:5]
tls = sys.argv[5:] == ["tls"]
exchanges = []


class Client:
    def __init__(self):
        self.sock = socket.create_connection(("127.0.0.1", int(port)))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.sock = ssl._create_unverified_context().wrap_socket(self.sock)
        self.sock.settimeout(20)
        self.wire = Wire(self.sock)
        self.open = True

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.open = False
        self.sock.close()

    def send(self, *parts):
        """Sends what the server takes; the number of bytes, of which the last part may have gone out partly."""
        sent = 0
        try:
            for part in parts:
                self.sock.sendall(part)
                sent += len(part)
        except OSError:
            self.open = False
        return sent

    def answer(self, exchange):
        """Reads the final response into the exchange, past the interim ones before it."""
        wire = self.wire
        try:
            while True:
                start, fields, length = wire.head()
                status = int(start.split(" ")[1])
                if status >= 200 or status == 101:
                    break
        except Cut:
            self.open = False
            return
        exchange["status"] = status
        exchange["response"] = [length, 0]
        try:
            wire.body_bytes = 0
            if exchange["method"] != "HEAD" and status not in (101, 204, 304):
                until_close = "content-length" not in fields
                wire.body(fields, until_close)
                if until_close and "transfer-encoding" not in fields:
                    self.open = False
        except Cut:
            self.open = False
            exchange["cut"] = True
        exchange["response"][1] = wire.body_bytes
        if fields.get("connection", "").lower() == "close" or start.startswith("HTTP/1.0"):
            self.open = False


def record(method, path, head, body):
    exchange = {"method": method, "path": path, "status": None, "request": [head, body], "response": None}
    exchanges.append(exchange)
    return exchange


def head_of(method, path, fields=(), version="1.1"):
    lines = [f"{method} {path} HTTP/{version}", f"Host: 127.0.0.1:{port}", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


def path_of(number=0, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/{prefix}/{scenario}/{number}?{text}"


def call(client, method, path, fields=(), body=(), version="1.1"):
    """One request with everything of it sent before its answer is read."""
    head = head_of(method, path, fields, version)
    parts = list(body)
    exchange = record(method, path, len(head), sum(map(len, parts)))
    sent = client.send(head, *parts)
    if sent < len(head) + exchange["request"][1]:
        exchange["request"][1] = sent - len(head)
        exchange["cut"] = True
    client.answer(exchange)
    return exchange


def upload(length):
    return [b"u" * min(65536, length - done) for done in range(0, length, 65536)]


def post(client, length, fields=()):
    return call(client, "POST", path_of(size=7), [f"Content-Length: {length}", *fields], upload(length))


def keep_alive(client):
    for number in range(1000):
        if not client.open:
            client.close()
            client = Client()
        call(client, "GET", path_of(number, size=number % 997))
    return client


def expect(client):
    path = path_of(size=7)
    head = head_of("POST", path, ["Content-Length: 50000", "Expect: 100-continue"])
    exchange = record("POST", path, len(head), 0)
    client.send(head)
    client.wire.head()
    if client.wire.last_head.startswith(b"HTTP/1.1 100"):
        exchange["request"][1] = client.send(b"e" * 50000)
    else:
        client.wire.put_back()
    client.answer(exchange)


def pipelining(client):
    heads = []
    for number in range(50):
        path = path_of(number, size=number * 3)
        heads.append(head_of("GET", path))
        record("GET", path, len(heads[-1]), 0)
    client.send(b"".join(heads))
    for exchange in exchanges:
        if client.open:
            client.answer(exchange)


def websocket(client):
    fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    exchange = call(client, "GET", path_of(ws=1), [*fields, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="])
    if exchange["status"] != 101:
        return
    payload = b"GET /not-a-request HTTP/1.1\r\nHost: h\r\n\r\n" * 25
    frame = b"\x82\xfe" + struct.pack(">H", len(payload)) + b"\0\0\0\0" + payload
    for _ in range(20):
        client.send(frame)
        client.wire.skip(4 + len(payload))
    client.send(b"\x88\x82\0\0\0\0\x03\xe8")
    client.wire.to_end()


def half_close(client):
    path = path_of(size=3000)
    head = head_of("GET", path)
    exchange = record("GET", path, len(head), 0)
    client.send(head)
    client.sock.shutdown(socket.SHUT_WR)
    client.answer(exchange)


def reset_upload(client):
    path = path_of(size=7)
    head = head_of("POST", path, ["Content-Length: 1000000"])
    exchange = record("POST", path, len(head), 0)
    exchange["cut"] = True
    exchange["request"][1] = client.send(head, *upload(300_000)) - len(head)
    client.sock.settimeout(0.3)
    try:
        # Time for the server to read it. Nothing comes: it waits for the rest.
        client.sock.recv(1)
    except OSError:
        pass
    client.reset()


def reset_download(client):
    path = download.format(size=100 * MEGABYTE, path=f"{prefix}/{scenario}/0")
    head = head_of("GET", path)
    exchange = record("GET", path, len(head), 0)
    exchange["cut"] = True
    client.send(head)
    start, _, length = client.wire.head()
    exchange["status"] = int(start.split(" ")[1])
    client.wire.body_bytes = 0
    client.wire.skip(300_000)
    exchange["response"] = [length, client.wire.body_bytes + len(client.wire.rest)]
    client.reset()


def slow(client):
    path = path_of(size=20)
    head = head_of("POST", path, ["Content-Length: 30"])
    exchange = record("POST", path, len(head), 30)
    for byte in head + b"s" * 30:
        client.send(bytes([byte]))
    client.answer(exchange)


def fetch(client, size):
    call(client, "GET", download.format(size=size, path=f"{prefix}/{scenario}/0"))


SCENARIOS = {
    "http/1.0": lambda client: call(client, "GET", path_of(size=100), version="1.0"),
    "keep-alive": keep_alive,
    "head": lambda client: call(client, "HEAD", path_of(size=5000)),
    "patch": lambda client: call(client, "PATCH", path_of(size=7), ["Content-Length: 1000"], upload(1000)),
    "chunked-up": lambda client: call(
        client, "POST", path_of(size=7), ["Transfer-Encoding: chunked"], chunks(200_000, 777)
    ),
    "chunked-down": lambda client: call(client, "GET", path_of(size=200_000, chunked=1)),
    "long-url": lambda client: call(client, "GET", path_of(size=7, long="l" * 10240)),
    "1mb-up": lambda client: post(client, MEGABYTE),
    "1mb-down": lambda client: fetch(client, MEGABYTE),
    "100mb-up": lambda client: post(client, 100 * MEGABYTE),
    "100mb-down": lambda client: fetch(client, 100 * MEGABYTE),
    "expect": expect,
    "pipelining": pipelining,
    "websocket": websocket,
    "half-close": half_close,
    "reset-up": reset_upload,
    "reset-down": reset_download,
    "slow": slow,
}

connection = Client()
SCENARIOS[scenario](connection)
connection.close()
print(json.dumps(exchanges))

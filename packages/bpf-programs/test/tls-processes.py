"""
COUNT KEY CERT: that many processes, one after another, each with one TLS connection to this one. Every process gets the
number of the one before, unless somebody else was faster. Says its port and where libssl is, then after every 250
processes how many different numbers there were; waits for a line each time.
"""

import json
import os
import socket
import ssl
import struct
import sys

from libssl import places

LAST_PID = "/proc/sys/kernel/ns_last_pid"

count = int(sys.argv[1])
server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server_context.load_cert_chain(sys.argv[3], sys.argv[2])
client_context = ssl._create_unverified_context()
listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()


def receive(stream):
    data = b""
    while not data.endswith(b"\r\n\r\n") and (piece := stream.recv(4096)):
        data += piece
    return data


def child(number):
    stream = client_context.wrap_socket(socket.create_connection(address))
    stream.sendall(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number)
    receive(stream)
    # No shutdown: the process ends, and with it everything.
    os._exit(0)


def serve(number):
    stream = listener.accept()[0]
    # Reset at the end, so that no port waits.
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream = server_context.wrap_socket(stream, server_side=True)
    path = receive(stream).split(b" ")[1]
    if path != b"/%d" % number:
        sys.exit(f"asked for {path}")
    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    return stream


print(json.dumps({"port": address[1], **places()}), flush=True)
sys.stdin.readline()
pids = set()
first = None
for number in range(count):
    if first is not None:
        with open(LAST_PID, "w") as last:
            last.write(str(first - 1))
    pid = os.fork()
    if pid == 0:
        child(number)
    first = first or pid
    pids.add(pid)
    stream = serve(number)
    os.waitpid(pid, 0)
    stream.close()
    if number % 250 == 249:
        print(len(pids), flush=True)
        sys.stdin.readline()

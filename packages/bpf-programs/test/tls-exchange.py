"""Both ends of one TLS connection in one process: KEY CERT. Says where libssl's functions are, waits for a line, talks."""
import json, socket, ssl, sys, threading

from libssl import places

print(json.dumps(places()), flush=True)
key, cert = sys.argv[1:]
listener = socket.create_server(("127.0.0.1", 0))
large = b"GET /large HTTP/1.1\r\n" + bytes(range(256)) * 160


def receive(stream, size):
    data = b""
    while len(data) < size:
        # Less than a record: several calls take the pieces of one.
        data += stream.recv(min(5000, size - len(data)))
    return data


def serve():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    stream = context.wrap_socket(listener.accept()[0], server_side=True)
    stream.sendall(b"HTTP/1.1 200 OK\r\n" + receive(stream, 20))
    stream.sendall(receive(stream, len(large))[-1000:])
    stream.close()


sys.stdin.readline()
server = threading.Thread(target=serve)
server.start()
client = ssl._create_unverified_context().wrap_socket(socket.create_connection(listener.getsockname()))
client.sendall(b"POST /one HTTP/1.1\r\n")
receive(client, 17 + 20)
client.sendall(large)
receive(client, 1000)
client.close()
server.join()

"""Reads HTTP/1 messages off a socket and counts their bytes: the truth of the matrix, from the ends of the connection."""

MEGABYTE = 1 << 20


class Cut(Exception):
    """The stream ended, or broke, inside a message."""


class Wire:
    """A socket with what was read of it and not used yet."""

    def __init__(self, sock):
        self.sock = sock
        self.rest = b""
        self.last_head = b""
        self.body_bytes = 0

    def fill(self):
        try:
            data = self.sock.recv(MEGABYTE)
        except OSError:
            data = b""
        if not data:
            raise Cut
        self.rest += data

    def take(self, length):
        data, self.rest = self.rest[:length], self.rest[length:]
        return data

    def exactly(self, length):
        while len(self.rest) < length:
            self.fill()
        return self.take(length)

    def until(self, mark):
        """Everything up to and including the mark."""
        start = 0
        while (end := self.rest.find(mark, start)) < 0:
            start = max(0, len(self.rest) - len(mark) + 1)
            self.fill()
        return self.take(end + len(mark))

    def skip(self, length):
        """Bytes of a body, counted as they come, so that a cut body has its size too."""
        while length > 0:
            if not self.rest:
                self.fill()
            taken = len(self.take(length))
            self.body_bytes += taken
            length -= taken

    def head(self):
        """Start line, fields (names in lower case) and length of the next head."""
        head = self.last_head = self.until(b"\r\n\r\n")
        start, *lines = head[:-4].decode("latin1").split("\r\n")
        fields = {}
        for line in lines:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        return start, fields, len(head)

    def put_back(self):
        """The last head is to be read once more."""
        self.rest = self.last_head + self.rest

    def body(self, fields, until_close):
        """Reads a body; `body_bytes` has its length on the wire, chunk lines included."""
        self.body_bytes = 0
        if "chunked" in fields.get("transfer-encoding", "").lower():
            while True:
                line = self.until(b"\r\n")
                self.body_bytes += len(line)
                size = int(line.split(b";")[0], 16)
                if size == 0:
                    break
                self.skip(size + 2)
            while True:
                line = self.until(b"\r\n")
                self.body_bytes += len(line)
                if line == b"\r\n":
                    return
        if "content-length" in fields:
            self.skip(int(fields["content-length"]))
        elif until_close:
            self.to_end()

    def to_end(self):
        try:
            while True:
                self.body_bytes += len(self.take(len(self.rest)))
                self.fill()
        except Cut:
            pass


def chunks(length, each):
    """A chunked body of `length` bytes, in pieces to be sent one by one."""
    while length > 0:
        size = min(length, each)
        yield b"%x\r\n" % size + b"c" * size + b"\r\n"
        length -= size
    yield b"0\r\n\r\n"

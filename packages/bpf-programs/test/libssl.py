"""Where in its file libssl has the functions that carry plaintext."""

import ctypes

NAMES = ["SSL_read", "SSL_read_ex", "SSL_write", "SSL_write_ex", "SSL_do_handshake"]


def place(name):
    address = ctypes.cast(getattr(ctypes.CDLL("libssl.so.3"), name), ctypes.c_void_p).value
    with open("/proc/self/maps", encoding="ascii") as maps:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if start <= address < end:
                return line.split()[-1], address - start + int(line.split()[2], 16)


def places():
    found = {name: place(name) for name in NAMES}
    return {"path": found["SSL_read"][0], "offsets": {name: offset for name, (_, offset) in found.items()}}

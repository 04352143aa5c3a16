#!/usr/bin/env python3
"""One request to a FastCGI socket, as a web server would send it, but with
variables of one's own.

    fastcgi.py SOCKET METHOD PATH [NAME=VALUE...]

The body is {}.  Prints the answer as it came.
"""
import socket
import struct
import sys

BEGIN, PARAMS, STDIN, STDOUT, END = 1, 4, 5, 6, 3


def record(kind, content):
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(name, value):
    return (struct.pack("!II", len(name) | 1 << 31, len(value) | 1 << 31) +
            name + value)


def main(path, method, uri, *variables):
    body = b"{}" if method == "POST" else b""
    given = {"REQUEST_METHOD": method, "REQUEST_URI": uri,
             "CONTENT_LENGTH": str(len(body)), "HTTP_HOST": "localhost"}
    given.update(variable.split("=", 1) for variable in variables)
    params = b"".join(pair(name.encode(), value.encode())
                      for name, value in given.items())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(path)
        connection.sendall(
            record(BEGIN, struct.pack("!HB5x", 1, 0)) +
            record(PARAMS, params) + record(PARAMS, b"") +
            (record(STDIN, body) if body else b"") + record(STDIN, b""))
        stream = connection.makefile("rb")
        while True:
            _, kind, _, length, padding = struct.unpack(
                "!BBHHBx", stream.read(8))
            content = stream.read(length)
            stream.read(padding)
            if kind == STDOUT:
                sys.stdout.buffer.write(content)
            if kind == END:
                return


if __name__ == "__main__":
    main(*sys.argv[1:])

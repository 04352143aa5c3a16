#!/usr/bin/env python3
"""FastCGI as a web server speaks it (its specification, 1.0), one request a
connection.  By itself: one request with variables of one's own.

    fastcgi.py SOCKET METHOD PATH [NAME=VALUE...]

The body is {}.  Prints the answer as it came.
"""
import socket
import struct
import sys

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6
CHUNK = 65528


def record(kind, content=b""):
    return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def stream(kind, content):
    chunks = [content[i:i + CHUNK] for i in range(0, len(content), CHUNK)]
    return b"".join(record(kind, chunk) for chunk in chunks + [b""])


def length(number):
    return (bytes([number]) if number < 128
            else struct.pack("!I", number | 0x80000000))


def request(variables, body):
    """All of a request: variables as the CGI specification has them."""
    pairs = [(name.encode(), value.encode())
             for name, value in variables.items()]
    return (record(BEGIN, struct.pack("!HB5x", 1, 0)) +
            stream(PARAMS, b"".join(
                length(len(name)) + length(len(value)) + name + value
                for name, value in pairs)) +
            stream(STDIN, body))


def unpack(data):
    """What was on standard output; None unless the end came."""
    output = b""
    while len(data) >= 8:
        kind, size, padding = struct.unpack("!xBxxHBx", data[:8])
        content, data = data[8:8 + size], data[8 + size + padding:]
        if kind == STDOUT:
            output += content
        elif kind == END:
            return output
    return None


def main(path, method, uri, *variables):
    body = b"{}" if method == "POST" else b""
    given = {"REQUEST_METHOD": method, "REQUEST_URI": uri,
             "CONTENT_LENGTH": str(len(body)), "HTTP_HOST": "localhost"}
    given.update(variable.split("=", 1) for variable in variables)
    data = b""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(path)
        connection.sendall(request(given, body))
        while (answer := unpack(data)) is None:
            more = connection.recv(65536)
            if not more:
                sys.exit("the connection ended before the answer did")
            data += more
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
"""Chunked requests to ingest, in every way that a client may send them.

    chunked.py URL SUBSCRIPTION LIMIT   one of each kind; prints KIND STATUS
"""
import http.client
import socket
import sys
import time
import urllib.parse

PAUSE = 0.1
END = b"0\r\n\r\n"
BODY = b'{"a": 1}'
GONE = "close"      # in a request: the client ends its side here


def chunk(data, size_format=b"%x"):
    return size_format % len(data) + b"\r\n" + data + b"\r\n"


def chunks(data, size):
    return b"".join(chunk(data[at:at + size])
                    for at in range(0, len(data), size))


def head(subscription, fields=b"", version=b"1.1"):
    return (b"POST /ingest/" + subscription + b" HTTP/" + version + b"\r\n"
            b"Host: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n" + fields + b"\r\n")


def kinds(subscription, limit):
    """name: what is sent, in order; a pause for each None."""
    first = head(subscription)
    full = b'"' + b"x" * (limit - 2) + b'"'
    return {
        "at-once": [first + chunk(BODY) + END],
        "in-parts": [first, None, chunk(BODY), None, END],
        "byte-by-byte": [first] + [part for byte in chunk(BODY) + END
                                   for part in (bytes([byte]), None)],
        "tiny": [first, None, chunks(b'"' + b"x" * 20000 + b'"', 1) + END],
        "extension": [first, None, b'8;a="b"\r\n' + BODY + b"\r\n" + END],
        "trailers": [head(subscription, b"Trailer: X\r\n"), None, chunk(BODY),
                     b"0\r\nX: y\r\n\r\n"],
        "zeros": [first, None, chunk(BODY, b"%08X") + b"000\r\n\r\n"],
        "version-1.0": [head(subscription, version=b"1.0"), None,
                        chunk(BODY) + END],
        "length-too": [head(subscription, b"Content-Length: 3\r\n"), None,
                       chunk(BODY) + END],
        "limit": [first, None, chunk(full), None, END],
        "limit-8K": [first, None, chunks(full, 8192) + END],
        "limit-at-once": [first + chunk(full) + END],
        "over": [first, None, chunk(full + b" ") + END],
        "over-8K": [first, None, chunks(full + b" ", 8192) + END],
        "over-at-once": [first + chunk(full + b" ") + END],
        "over-late": [first, None, chunk(full), None, chunk(b" "), None, END],
        "over-much": [first] + [chunk(b" " * 65536)] * 320 + [END],
        "empty": [first + END],
        "empty-late": [first, None, END],
        "no-size": [first, None, chunk(b"12") + b"zz\r\n\r\n"],
        "no-end-of-chunk": [first, None, b"2\r\n12XX0\r\n\r\n"],
        "cut": [first, None, chunk(b"12"), None, GONE],
        "cut-at-once": [first + chunk(b"12"), GONE],
        "cut-in-chunk": [first, None, b"5\r\n12", None, GONE],
        "cut-in-size": [first, None, chunk(b"12"), None, b"3", None, GONE],
        "cut-in-end": [first, None, chunk(b"12"), None, b"0\r\n", GONE],
        "cut-after-head": [first, None, GONE],
    }


def connect(url):
    address = urllib.parse.urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), 30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def answer(connection):
    response = http.client.HTTPResponse(connection)
    response.begin()
    response.read()
    return response.status


def send(url, parts):
    with connect(url) as connection:
        for part in parts:
            if part is None:
                time.sleep(PAUSE)
            elif part is GONE:
                connection.shutdown(socket.SHUT_WR)
            else:
                connection.sendall(part)
        return answer(connection)


def expecting(url, subscription):
    """Waits for 100 Continue before the body."""
    with connect(url) as connection:
        connection.sendall(head(subscription, b"Expect: 100-continue\r\n"))
        told = connection.recv(65536)
        if not told.startswith(b"HTTP/1.1 100 "):
            return told.split()[1].decode()
        connection.sendall(chunk(BODY) + END)
        return answer(connection)


def kept(url, subscription):
    """Many on one connection, in one piece and in two, by turns."""
    statuses = set()
    with connect(url) as connection:
        for number in range(100):
            connection.sendall(head(subscription))
            if number % 2:
                time.sleep(0.002)
            connection.sendall(chunk(BODY) + END)
            statuses.add(answer(connection))
    return "/".join(map(str, sorted(statuses)))


def main(url, subscription, limit):
    subscription = subscription.encode()
    for name, parts in kinds(subscription, int(limit)).items():
        print(name, send(url, parts), flush=True)
    print("expecting", expecting(url, subscription))
    print("kept", kept(url, subscription))


if __name__ == "__main__":
    main(*sys.argv[1:])

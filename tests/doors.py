#!/usr/bin/env python3
"""Clients that hold the front door: slow, huge, too many.

    doors.py URL cut              one of each kind, all at once; prints
                                  KIND STATUS SECONDS DETAIL, where STATUS is
                                  "closed" without an answer
    doors.py URL hold COUNT PATH  COUNT connections that go on sending, slowly,
                                  a body to PATH, or a header if it is "header",
                                  or nothing more on an idle connection if it is
                                  "idle", or "kept", where each had its answer
                                  first; prints "held", and ends when told to
"""
import json
import resource
import socket
import sys
import threading
import time
import urllib.parse

HOST = b"Host: localhost\r\n"
TICK = 0.2
NOBODY = "01890000-0000-7000-8000-000000000000"


def post(path, fields):
    return (f"POST {path} HTTP/1.1\r\n".encode() + HOST +
            b"Content-Type: application/json\r\n" + fields + b"\r\n\r\n")


def get(*fields):
    return (b"GET /healthz HTTP/1.1\r\n" + HOST +
            b"".join(field + b"\r\n" for field in fields) + b"\r\n")


def length(count):
    return b"Content-Length: %d" % count


def chunks(count):
    return (b"10000\r\n" + b" " * 65536 + b"\r\n") * count + b"0\r\n\r\n"


BEGUN = get()[:-2]
API, INGEST = "/subscriptions/", "/ingest/" + NOBODY
# What is sent at once, and then every TICK until the end comes.
KINDS = {
    "header-silent": (BEGUN, b""),
    "header-drips": (BEGUN + b"X: ", b"x"),
    "header-moves": (BEGUN, b"X: " + b"x" * 145 + b"\r\n"),
    "line-drips": (b"GET /", b"x"),
    "api-body-silent": (post(API, length(900000)), b""),
    "api-body-drips": (post(API, length(900000)), b" "),
    "api-body-moves": (post(API, length(900000)), b" " * 1200),
    "ui-body-drips": (post("/ui/subscriptions/new", length(900000)), b"a"),
    "ingest-body-silent": (post(INGEST, length(900000)), b""),
    "ingest-body-drips": (post(INGEST, length(900000)), b" "),
    "ingest-body-moves": (post(INGEST, length(900000)), b" " * 1200),
    "no-such-length": (post(INGEST, length(10 ** 17)), b""),
    "long-line": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
                  b""),
    "long-field": (get(b"X: " + b"x" * 9000), b""),
    "100-fields": (get(*[b"X-%d: x" % i for i in range(100)]), b""),
    "50-fields": (get(*[b"X-%d: x" % i for i in range(50)]), b""),
    "api-body-huge": (post(API, length(3 << 20)) + b" " * (3 << 20), b""),
    "api-body-endless": (post(API, b"Transfer-Encoding: chunked") + chunks(48),
                         b""),
    "ingest-body-huge": (post(INGEST, length(3 << 20)) + b" " * (3 << 20), b""),
    "ingest-body-endless": (post(INGEST, b"Transfer-Encoding: chunked") +
                            chunks(48), b""),
}


def connect(url):
    address = urllib.parse.urlsplit(url)
    return socket.create_connection((address.hostname, address.port), 60)


def answer(connection):
    """(status, body) as far as they came; None while nothing did."""
    data = b""
    try:
        while True:
            more = connection.recv(65536)
            if not more:
                break
            data += more
            head, end, body = data.partition(b"\r\n\r\n")
            if end and len(body) >= announced(head):
                break
    except TimeoutError:
        if not data:
            return None
    except ConnectionError:
        pass
    if not data:
        return "closed", b""
    return data.split()[1].decode(), data.partition(b"\r\n\r\n")[2]


def announced(head):
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


def cut(url, kind, lines):
    first, then = KINDS[kind]
    connection = connect(url)
    began = time.monotonic()
    came = None
    try:
        connection.sendall(first)
        connection.settimeout(TICK)
        while came is None and time.monotonic() < began + 40:
            came = answer(connection)
            if came is None:
                connection.sendall(then)
    except OSError:     # it was closed while we sent
        came = answer(connection)
    status, body = came or ("held", b"")
    try:
        detail = type(json.loads(body).get("detail")).__name__
    except (ValueError, AttributeError):
        detail = "-"
    lines.append(f"{kind} {status} {time.monotonic() - began:.1f} {detail}")


def cut_all(url):
    lines = []
    threads = [threading.Thread(target=cut, args=(url, kind, lines))
               for kind in KINDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(sorted(lines)))


def answered(url):
    connection = connect(url)
    connection.sendall(get())
    answer(connection)
    return connection


def hold(url, count, path):
    first, then = {
        "header": KINDS["header-moves"],
        "idle": (get(), b""),
        "kept": (b"", b""),
    }.get(path) or (post(path, length(900000)), b" " * 1200)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    held = [answered(url) if path == "kept" else connect(url)
            for _ in range(count)]
    for connection in held:
        connection.sendall(first)
    print("held", flush=True)
    while held:
        time.sleep(TICK)
        for connection in held[:]:
            try:
                connection.sendall(then)
            except OSError:
                held.remove(connection)


if __name__ == "__main__":
    if sys.argv[2] == "cut":
        cut_all(sys.argv[1])
    else:
        hold(sys.argv[1], int(sys.argv[3]), sys.argv[4])

#!/usr/bin/env python3
"""A webhook receiver for the tests: real HTTP on 127.0.0.1, scripted by path.

    receiver.py DIRECTORY

listens on a free port, writes DIRECTORY/receiver.port ("PORT REFUSED", where
REFUSED is a port that nobody listens on) and appends one JSON line an arrival
to DIRECTORY/arrivals.jsonl.  The first part of a path says what happens; what
follows the argument only tells tests apart:

    /ok                 200
    /status/503         that status
    /fail-n/2           503 for the first 2 requests of a webhook-id, then 200
    /retry-after/3      503 and Retry-After: 3 for the first request of a
                        webhook-id, then 200; /retry-date/3 says it as a date
    /slow-ms/200        200 after so many milliseconds
    /gate/NAME          200 once the gate is open (see below)
    /hang               takes the request, never answers
    /trickle            a header that drips and never ends
    /drip-body          200 and a body that drips and never ends
    /endless            200 and a body that never ends, as fast as it goes
    /big                200 and 1 MiB
    /reset              RST once the request is read
    /close              closes once the request is read
    /stale              200; a connection's second request is read, then closed
    /garbage            no HTTP
    /redirect           302 to /ok/redirected
    /say                200 and what the webhook's JSON says: its "body" and
                        "header" (of X-Said), both in base64
    /hostile            200 and a body of markup, control bytes and bad UTF-8
    /raw/NAME           what NAME says in ANSWERS, then closes
    /drip/NAME          what NAME says in DRIPS, its second part again and again
    /early/200          200 before the body is read, which never is

DIRECTORY/receiver.more names more ports: "TLS OLD STALLED FULL", which are TLS
with a certificate that nobody trusts, TLS 1.1, a listener that accepts and says
nothing, and one that lets nobody connect.

Control, with GET: /_arrivals?path=P (the arrivals of exactly that path),
/_inflight?path=P (taken and not answered; a prefix), /_gate?name=N&open=1.
"""
import asyncio
import base64
import collections
import contextlib
import gzip
import email.utils
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.parse
import warnings

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = OK + b"Content-Length: 0\r\n"
END = b"\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BOMB = gzip.compress(b"0" * (32 << 20))
STATE = (b"Set-Cookie: a=b; Path=/\r\nAlt-Svc: h2=\":1\"; ma=86400\r\n"
         b"Strict-Transport-Security: max-age=31536000\r\n")

# Whole answers; the connection is closed after them unless in KEPT.
ANSWERS = {
    "half-status": b"HTTP/1.",
    "no-http": bytes(range(256)),
    "http-0.9": b"<html>thank you</html>\n",
    "status-000": b"HTTP/1.1 000 Nothing" + END + END,
    "status-999": b"HTTP/1.1 999 Odd\r\nContent-Length: 0" + END + END,
    "nul-header": OK + b"X-Nul: a\0b\r\nContent-Length: 0" + END + END,
    "negative-length": OK + b"Content-Length: -1" + END + END,
    "two-lengths": EMPTY + b"Content-Length: 2" + END + END + b"ok",
    "length-and-chunks": OK + b"Content-Length: 3\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "header-101-kib": OK + b"X-Long: " + b"x" * 103424 + END + END,
    "continue-1": CONTINUE + EMPTY + END,
    "continue-1000": CONTINUE * 1000 + EMPTY + END,
    "switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n"
              b"Connection: Upgrade" + END + END,
    "half-header": OK + b"X-Half: ",
    "short-body": OK + b"Content-Length: 1000\r\n\r\nshort",
    "extra-bytes": EMPTY + END + b"HTTP/1.1 500 Poison\r\n"
                   b"Content-Length: 0\r\n\r\n",
    "bomb": OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            % len(BOMB) + BOMB,
    "bomb-transfer": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n%x\r\n"
                     % len(BOMB) + BOMB + b"\r\n0\r\n\r\n",
    "ntlm": b"HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\n"
            b"Content-Length: 0" + END + END,
    "inward": b"HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:6379/\r\n"
              b"Content-Length: 0" + END + END,
    "state": EMPTY + STATE + END,
}
KEPT = {"bomb", "continue-1", "extra-bytes", "inward", "length-and-chunks",
        "ntlm", "state", "status-999"}

# What comes first, what follows again and again, after how many seconds.
DRIPS = {
    "header": (OK, b"X", 0.3),
    "headers": (OK, b"X-Small: 1\r\n" * 100, 0),
    "body": (OK + b"Content-Length: 100000\r\n\r\n", b"x", 0.3),
    "bodies": (OK + b"\r\n", b"x" * 65536, 0),
    "continues": (b"", CONTINUE, 0.3),
}


class Receiver:
    def __init__(self, directory):
        self.log = open(os.path.join(directory, "arrivals.jsonl"), "a",
                        encoding="utf-8", buffering=1)
        self.arrivals = collections.defaultdict(list)
        self.inflight = collections.Counter()
        self.seen = collections.Counter()
        self.gates = collections.defaultdict(asyncio.Event)
        self.connections = 0

    async def serve(self, reader, writer):
        self.connections += 1
        number, requests = self.connections, 0
        try:
            while True:
                request = await read_request(reader)
                if request is None:
                    break
                requests += 1
                if request.path.startswith("/_"):
                    await answer(writer, 200, self.control(request),
                                 "application/json")
                elif not await self.take(request, writer, number, requests,
                                         reader):
                    break
        except (ConnectionError, asyncio.IncompleteReadError,
                asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def control(self, request):
        query = dict(urllib.parse.parse_qsl(request.query))
        path = query.get("path", "")
        if request.path == "/_arrivals":
            value = self.arrivals.get(path, [])
        elif request.path == "/_inflight":
            value = sum(count for key, count in self.inflight.items()
                        if key.startswith(path))
        elif request.path == "/_gate":
            gate = self.gates[query["name"]]
            gate.set() if query.get("open") == "1" else gate.clear()
            value = True
        else:
            value = None
        return json.dumps(value).encode()

    async def take(self, request, writer, connection, nth, reader):
        """True when the connection stays open."""
        arrival = {
            "time": time.time(), "path": request.path,
            "method": request.method,
            "id": request.headers.get("webhook-id"),
            "connection": connection, "headers": request.headers,
            "body": base64.b64encode(request.body).decode(),
        }
        self.arrivals[request.path].append(arrival)
        self.log.write(json.dumps(arrival) + "\n")
        self.inflight[request.path] += 1
        behave = asyncio.ensure_future(
            self.behave(request, writer, nth, arrival["id"]))
        gone = asyncio.ensure_future(peer_gone(reader))
        try:
            await asyncio.wait({behave, gone},
                               return_when=asyncio.FIRST_COMPLETED)
            return behave.result() if behave.done() else False
        finally:
            self.inflight[request.path] -= 1
            for task in (behave, gone):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError,
                                         ConnectionError):
                    await task

    async def behave(self, request, writer, nth, webhook_id):
        _, behaviour, argument, *_ = request.path.split("/") + ["", ""]
        if behaviour == "ok":
            return await answer(writer, 200, b"thank you")
        if behaviour == "status":
            return await answer(writer, int(argument), b"as you wish")
        if behaviour == "fail-n":
            self.seen[request.path, webhook_id] += 1
            early = self.seen[request.path, webhook_id] <= int(argument)
            return await answer(writer, 503 if early else 200, b"")
        if behaviour in ("retry-after", "retry-date"):
            self.seen[request.path, webhook_id] += 1
            if self.seen[request.path, webhook_id] > 1:
                return await answer(writer, 200, b"")
            when = argument if behaviour == "retry-after" else \
                email.utils.formatdate(time.time() + int(argument),
                                       usegmt=True)
            return await answer(writer, 503, b"",
                                extra=f"Retry-After: {when}\r\n")
        if behaviour == "slow-ms":
            await asyncio.sleep(int(argument) / 1000)
            return await answer(writer, 200, b"")
        if behaviour == "gate":
            await self.gates[argument].wait()
            big = request.path.endswith("/big")
            return await answer(writer, 200, os.urandom(4096) if big else b"")
        if behaviour == "hang":
            await asyncio.sleep(3600)
        if behaviour == "trickle":
            return await drip(writer, b"HTTP/1.1 200 OK\r\nX-Drip: ")
        if behaviour == "drip-body":
            return await drip(writer, b"HTTP/1.1 200 OK\r\n"
                              b"Content-Length: 100000\r\n\r\n")
        if behaviour == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                         b"\r\n\r\n")
            while True:
                writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                await writer.drain()
        if behaviour == "big":
            return await answer(writer, 200, b"0123456789abcdef" * 65536)
        if behaviour == "reset":
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
        if behaviour == "close":
            return False
        if behaviour == "stale":
            return nth == 1 and await answer(writer, 200, b"")
        if behaviour == "garbage":
            writer.write(b"\x00\xff\x07 this is no HTTP\r\n\r\n")
            await writer.drain()
            return False
        if behaviour == "redirect":
            return await answer(writer, 302, b"", extra="Location: "
                                "/ok/redirected\r\n")
        if behaviour == "say":
            said = {name: base64.b64decode(value) for name, value
                    in json.loads(request.body).items()}
            writer.write(OK + b"Content-Length: %d\r\nX-Said: %s\r\n\r\n%s"
                         % (len(said["body"]), said["header"], said["body"]))
            await writer.drain()
            return True
        if behaviour == "hostile":
            return await answer(writer, 200, b"<script>alert(1)</script>"
                                b"\x1b[31m\x00\xff\xfe")
        if behaviour == "early":
            writer.transport.pause_reading()
            await answer(writer, int(argument), b"",
                         extra="Connection: close\r\n")
            await asyncio.sleep(6)
            return False
        if behaviour == "raw":
            writer.write(ANSWERS[argument])
            await writer.drain()
            return argument in KEPT
        if behaviour == "drip":
            first, again, pause = DRIPS[argument]
            return await drip(writer, first, again, pause)
        return await answer(writer, 404, b"no such behaviour")


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.headers, self.body = method, headers, body
        self.path, _, self.query = target.partition("?")


async def read_request(reader):
    """One whole request, or None at the connection's end."""
    try:
        head = await reader.readexactly(1)
        if head == b"\x16":
            raise ValueError("TLS, and this is a plain port")
        head += await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = b"" if target.startswith("/early/") else await reader.readexactly(
        int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


async def peer_gone(reader):
    """Nothing follows a request before its answer, but the end may come."""
    while not reader.at_eof():
        if reader.exception() is not None:
            return
        await asyncio.sleep(0.02)


async def answer(writer, status, body, kind="text/plain", extra=""):
    head = (f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n")
    writer.write(head.encode() + (b"" if status in (204, 304) else body))
    await writer.drain()
    return True


async def drip(writer, head, again=b"x", pause=0.1):
    writer.write(head)
    while True:
        await writer.drain()
        await asyncio.sleep(pause)
        writer.write(again)


def tls(directory, old=False):
    name = os.path.join(directory, "receiver.pem")
    if not os.path.exists(name):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", name,
             "-out", name + ".cert"], check=True, stderr=subprocess.DEVNULL)
        with open(name + ".cert", encoding="ascii") as cert, \
                open(name, "a", encoding="ascii") as file:
            file.write(cert.read())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if old:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(name)
    return context


async def stall(_reader, writer):
    try:
        await asyncio.sleep(3600)
    finally:
        writer.close()


def full():
    """A listener whose backlog is taken: it answers no SYN."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    kept = [listener]
    for _ in range(4):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(listener.getsockname())
        kept.append(sock)
    return kept


async def more(receiver, directory):
    taken = full()
    here = {"host": "127.0.0.1", "port": 0}
    servers = [
        await asyncio.start_server(receiver.serve, ssl=tls(directory), **here),
        await asyncio.start_server(receiver.serve, ssl=tls(directory, True),
                                   **here),
        await asyncio.start_server(stall, **here),
    ]
    with open(os.path.join(directory, "receiver.more"), "w",
              encoding="utf-8") as file:
        print(*(server.sockets[0].getsockname()[1] for server in servers),
              taken[0].getsockname()[1], file=file)
    return servers, taken


async def main(directory):
    receiver = Receiver(directory)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0,
                                        backlog=4096, limit=1 << 24)
    # Bound and never listened on: whoever connects there is refused.
    refused = socket.socket()
    refused.bind(("127.0.0.1", 0))
    kept = await more(receiver, directory)
    name = os.path.join(directory, "receiver.port")
    with open(name + ".new", "w", encoding="utf-8") as file:
        print(server.sockets[0].getsockname()[1], refused.getsockname()[1],
              file=file)
    os.rename(name + ".new", name)
    async with server:
        await server.serve_forever()
    del kept


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))

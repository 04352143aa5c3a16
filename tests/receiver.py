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
    /hostile            200 and a body of markup, control bytes and bad UTF-8

Control, with GET: /_arrivals?path=P (the arrivals of exactly that path),
/_inflight?path=P (taken and not answered; a prefix), /_gate?name=N&open=1.
"""
import asyncio
import base64
import collections
import contextlib
import email.utils
import json
import os
import socket
import struct
import sys
import time
import urllib.parse


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
            return await answer(writer, 200, b"")
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
        if behaviour == "hostile":
            return await answer(writer, 200, b"<script>alert(1)</script>"
                                b"\x1b[31m\x00\xff\xfe")
        return await answer(writer, 404, b"no such behaviour")


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.headers, self.body = method, headers, body
        self.path, _, self.query = target.partition("?")


async def read_request(reader):
    """One whole request, or None at the connection's end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
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


async def drip(writer, head):
    writer.write(head)
    while True:
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(b"x")


async def main(directory):
    receiver = Receiver(directory)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0,
                                        backlog=4096, limit=1 << 24)
    # Bound and never listened on: whoever connects there is refused.
    refused = socket.socket()
    refused.bind(("127.0.0.1", 0))
    name = os.path.join(directory, "receiver.port")
    with open(name + ".new", "w", encoding="utf-8") as file:
        print(server.sockets[0].getsockname()[1], refused.getsockname()[1],
              file=file)
    os.rename(name + ".new", name)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))

#!/usr/bin/env python3
"""The chaos suite's receiver: writes down every arrival, and what it did.

    receiver.py DIRECTORY

listens on a free port of 127.0.0.1 and writes it to DIRECTORY/receiver.port.
DIRECTORY/arrivals.txt gets a line an event:

    a ID NUMBER TIME KIND CRC     the whole request is here (CRC of its body)
    o NUMBER TIME                 this arrival was answered with 200, wholly

The first part of a path is the kind: /ok, /slow (200 after up to 300 ms),
/twice (503 twice a webhook, then 200), /never (503), /moody (200, or what the
mood says).  GET /_mood?MOOD=SECONDS sets it: hang, reset, trickle, close.
"""
import asyncio
import collections
import contextlib
import os
import random
import socket
import struct
import sys
import time
import zlib

HEAD = b"HTTP/1.1 %d Said\r\nContent-Length: 2\r\n\r\nok"


class Receiver:
    def __init__(self, directory):
        self.log = open(os.path.join(directory, "arrivals.txt"), "a",
                        encoding="ascii", buffering=1)
        self.number = 0
        self.seen = collections.Counter()
        self.mood, self.mood_ends = "ok", 0.0

    async def serve(self, reader, writer):
        # The peer is killed again and again: its connections just end.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError,
                                 asyncio.CancelledError):
            while await self.one(reader, writer):
                pass
        writer.close()

    async def one(self, reader, writer):
        """True when the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = first.split(" ")[1]
        if path.startswith("/_mood?"):
            self.mood, seconds = path[7:].split("=")
            self.mood_ends = time.monotonic() + float(seconds)
            writer.write(HEAD % 200)
            return True
        self.number += 1
        number, kind = self.number, path.split("/")[1]
        webhook = headers.get("webhook-id", "-")
        self.log.write(f"a {webhook} {number} {time.time():.3f} {kind} "
                       f"{zlib.crc32(body)}\n")
        deed = await self.choose(kind, webhook)
        return await self.do(deed, number, writer)

    async def choose(self, kind, webhook):
        if kind == "slow":
            await asyncio.sleep(random.random() * 0.3)
        if kind == "never":
            return "refuse"
        if kind == "twice":
            self.seen[webhook] += 1
            return "refuse" if self.seen[webhook] <= 2 else "ok"
        if kind == "moody" and time.monotonic() < self.mood_ends:
            return self.mood
        return "ok"

    async def do(self, deed, number, writer):
        if deed == "ok":
            writer.write(HEAD % 200)
            await writer.drain()
            if writer.is_closing():
                return False
            self.log.write(f"o {number} {time.time():.3f}\n")
            return True
        if deed == "refuse":
            writer.write(HEAD % 503)
            return True
        if deed == "reset":
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        if deed == "hang":
            await asyncio.sleep(30)
        if deed == "trickle":
            writer.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            for _ in range(300):
                await asyncio.sleep(0.1)
                writer.write(b"x")
                await writer.drain()
        return False


async def main(directory):
    receiver = Receiver(directory)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0,
                                        backlog=4096)
    name = os.path.join(directory, "receiver.port")
    with open(name + ".new", "w", encoding="ascii") as file:
        print(server.sockets[0].getsockname()[1], file=file)
    os.rename(name + ".new", name)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))

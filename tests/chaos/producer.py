#!/usr/bin/env python3
"""The chaos suite's producer: writes down every webhook that it was promised.

    producer.py DIRECTORY URL RATE SECONDS SEED

sends RATE webhooks a second to the subscriptions of
DIRECTORY/subscriptions.txt ("ID KIND" a line) over kept connections.
DIRECTORY/acknowledged.txt gets "ID KIND CRC" for each 202, as it comes.  One
in twenty is looked up at once: a 404 there would be a broken promise.
DIRECTORY/refused.txt gets "TIME STATUS SECONDS BODY" for each other answer.  At
the end DIRECTORY/producer.json says which answers came, and how slow they were.
"""
import asyncio
import collections
import json
import random
import re
import sys
import time
import urllib.parse
import zlib

CONNECTIONS = 24
PATIENCE = 20
WEBHOOK_ID = re.compile(rb'"webhook_id": ?"([0-9a-f-]{36})"')


class Client:
    """One kept connection; None is the answer of a connection that broke."""

    def __init__(self, url):
        self.host = urllib.parse.urlsplit(url).netloc
        self.reader = self.writer = None

    async def ask(self, method, path, body=b""):
        try:
            return await asyncio.wait_for(
                self.exchange(method, path, body), PATIENCE)
        except (OSError, ValueError, asyncio.IncompleteReadError,
                asyncio.TimeoutError):
            self.close()
            return None, b""

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.writer = None

    async def exchange(self, method, path, body):
        if self.writer is None:
            name, port = self.host.split(":")
            self.reader, self.writer = await asyncio.open_connection(
                name, port)
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n"
            f"Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        answer = await self.body(head.lower())
        if b"onnection: close" in head:
            self.close()
        return int(head[9:12]), answer

    async def body(self, head):
        length = re.search(rb"\ncontent-length: *(\d+)", head)
        if length is not None:
            return await self.reader.readexactly(int(length[1]))
        if b"\ntransfer-encoding: chunked" not in head:
            raise ValueError("an answer without an end")
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return body


class Producer:
    def __init__(self, directory, url, rate, seconds, seed):
        self.directory, self.url = directory, url
        self.rate, self.seconds = float(rate), float(seconds)
        self.random = random.Random(seed)
        self.acknowledged = open(directory + "/acknowledged.txt", "a",
                                 encoding="ascii", buffering=1)
        self.refused = open(directory + "/refused.txt", "a",
                            encoding="ascii", buffering=1)
        with open(directory + "/subscriptions.txt", encoding="ascii") as file:
            self.subscriptions = [line.split() for line in file]
        self.answers, self.looked = collections.Counter(), collections.Counter()
        self.slowest = collections.defaultdict(float)
        self.sent = 0

    async def produce(self, began):
        client = Client(self.url)
        while True:
            number = self.sent
            self.sent += 1
            due = began + number / self.rate
            if due > began + self.seconds:
                break
            await asyncio.sleep(max(0, due - time.monotonic()))
            await self.one(client, number)
        client.close()

    async def one(self, client, number):
        subscription, kind = self.random.choice(self.subscriptions)
        body = json.dumps({"number": number, "filling": "x" * int(
            self.random.paretovariate(1) * 20 % 5000)}).encode()
        began = time.monotonic()
        status, answer = await client.ask("POST", "/ingest/" + subscription,
                                          body)
        took = time.monotonic() - began
        self.answers[str(status)] += 1
        self.slowest[str(status)] = max(self.slowest[str(status)], took)
        if status != 202:
            self.refused.write(f"{time.time():.3f} {status} {took:.2f} "
                               f"{ascii(answer[:60])}\n")
            await asyncio.sleep(0.2)
            return
        webhook = WEBHOOK_ID.search(answer)[1].decode()
        self.acknowledged.write(f"{webhook} {kind} {zlib.crc32(body)}\n")
        if number % 20 == 0:
            status, _ = await client.ask("GET", "/webhooks/" + webhook)
            self.looked[str(status)] += 1

    async def run(self):
        began = time.monotonic()
        await asyncio.gather(*[self.produce(began)
                               for _ in range(CONNECTIONS)])
        with open(self.directory + "/producer.json", "w",
                  encoding="ascii") as file:
            json.dump({"answers": self.answers, "looked_up": self.looked,
                       "slowest_s": {status: round(value, 2) for status, value
                                     in self.slowest.items()}}, file)


if __name__ == "__main__":
    asyncio.run(Producer(*sys.argv[1:]).run())

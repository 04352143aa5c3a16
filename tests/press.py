#!/usr/bin/env python3
"""Ingests without a pause over kept connections, and tells of each answer.

    press.py URL CLIENTS SECONDS SUBSCRIPTION

A line an answer: its status, how many seconds it took, its Retry-After or "-",
the webhook's id or "-".  "cut" stands for a status when a request was not
answered, or not to its end.  A server may close a connection that is idle
(RFC 9112, section 9.3.1): a request that it then never read is sent again on
a new one.  Each request has an Idempotency-Key, and a line of its own.
"""
import http.client
import json
import select
import sys
import threading
import time
import urllib.parse
import uuid


class Client(threading.Thread):
    def __init__(self, host, end, path, lines):
        super().__init__()
        self.host, self.end, self.path = host, end, path
        self.lines, self.connection = lines, None

    def run(self):
        while time.monotonic() < self.end:
            began = time.monotonic()
            try:
                said = self.ask(str(uuid.uuid4()))
            except (OSError, http.client.HTTPException) as reason:
                self.drop()
                said = ("cut", "-", repr(reason).replace(" ", "_"))
            status, *rest = said
            self.lines.append(" ".join(
                (status, f"{time.monotonic() - began:.3f}", *rest)))
            time.sleep(0.002)

    def drop(self):
        self.connection.close()
        self.connection = None

    def ask(self, key):
        if self.connection is not None and \
                select.select([self.connection.sock], [], [], 0)[0]:
            self.drop()
        reused = self.connection is not None
        try:
            return self.exchange(key)
        except (http.client.RemoteDisconnected, ConnectionError):
            if not reused:
                raise
        self.drop()
        return self.exchange(key)

    def exchange(self, key):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, timeout=20)
        self.connection.request(
            "POST", self.path, json.dumps({"key": key}),
            {"Content-Type": "application/json", "Idempotency-Key": key})
        answer = self.connection.getresponse()
        body = json.loads(answer.read())
        if answer.will_close:
            self.drop()
        return (str(answer.status), answer.getheader("Retry-After", "-"),
                body.get("webhook_id", "-"))


def main(url, clients, seconds, subscription):
    host, lines = urllib.parse.urlsplit(url).netloc, []
    end = time.monotonic() + float(seconds)
    threads = [Client(host, end, "/ingest/" + subscription, lines)
               for _ in range(int(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*lines, sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

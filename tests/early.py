#!/usr/bin/env python3
"""Requests whose bodies are slow to come, over FastCGI as Apache speaks it.

    early.py refused SOCKET PATH      without a token: answered before the body;
                                      prints the status
    early.py reused SOCKET PATH TOKEN a kept connection after such an answer:
                                      the rest comes, in part, or not at all
    early.py evicted SOCKET PATH TOKEN COUNT
                                      COUNT bodies that never end, of 1 MB each,
                                      until standard input ends; then prints how
                                      many got which answer
    early.py beside SOCKET PATH TOKEN a slow body with a token, beside fast ones
                                      without, which claim to be signed, above
                                      the limit of memory; prints the status of
                                      the slow one, and which those got
    early.py full SOCKET PATH PID     fills PID's memory with bodies that stand
                                      still, and then sends two connections their
                                      next bytes at one moment: of a body, and of
                                      a header; prints what became of the header
                                      that stood still, and of one that did not
"""
import collections
import os
import signal
import socket
import struct
import sys
import time

from fastcgi import (BEGIN, PARAMS, STDIN, length, record, stream, unpack)

MEGABYTE = 1000000


def head(path, size, token=None, keep=1, fields=None):
    variables = {"REQUEST_METHOD": "POST", "REQUEST_URI": path,
                 "CONTENT_LENGTH": str(size), "HTTP_HOST": "localhost",
                 "CONTENT_TYPE": "application/json", "REMOTE_ADDR": "127.0.0.1",
                 "HTTP_SEC_FETCH_SITE": "same-origin", **(fields or {})}
    if token:
        variables["HTTP_AUTHORIZATION"] = "Bearer " + token
    pairs = b"".join(
        length(len(name)) + length(len(value)) + name.encode() + value.encode()
        for name, value in variables.items())
    return record(BEGIN, struct.pack("!HB5x", 1, keep)) + stream(PARAMS, pairs)


def connect(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(path)
    return connection


def hear(connection):
    """The status of the next answer; "closed" when there is none."""
    data = b""
    while (answer := unpack(data)) is None:
        try:
            more = connection.recv(65536)
        except ConnectionError:
            more = b""
        if not more:
            return "closed"
        data += more
    return answer.split()[1].decode()


def refused(path, target):
    with connect(path) as connection:
        connection.sendall(head(target, 900000))
        print(hear(connection))


def body(size):
    return b"1" * size


def reused(path, target, token):
    good = head(target, 2, token) + stream(STDIN, b"12")
    rests = {
        "nothing": b"",
        "a part": record(STDIN, body(500)),
        "a part, and its end": stream(STDIN, body(500)),
        "all of it": stream(STDIN, body(90000)),
    }
    for name, rest in rests.items():
        for at in (0, 1, 5, 8, 9):   # the next one comes in pieces
            with connect(path) as connection:
                for token_too in (False, True, False):
                    connection.sendall(head(target, 90000))
                    assert hear(connection) == "401", name
                    connection.sendall(rest + good[:at])
                    connection.sendall(good[at:])
                    assert hear(connection) == "202", name
    # who wants it closed gets it closed, behind the rest
    with connect(path) as connection:
        connection.sendall(head(target, 90000, keep=0))
        assert hear(connection) == "401"
        connection.sendall(stream(STDIN, body(90000)))
        assert connection.recv(1) == b""
    print("well")


def evicted(path, target, token, count):
    held = []
    for _ in range(int(count)):
        connection = connect(path)
        connection.sendall(head(target, MEGABYTE, token))
        try:
            for at in range(0, MEGABYTE - 60000, 60000):
                connection.sendall(record(STDIN, body(60000)))
        except OSError:
            pass    # it was refused meanwhile
        held.append(connection)
    print("held", flush=True)
    sys.stdin.read()
    answers = collections.Counter()
    for connection in held:
        connection.settimeout(0.01)
        try:
            answers[hear(connection)] += 1
        except TimeoutError:
            answers["held"] += 1
    print(" ".join(f"{status}:{answers[status]}"
                   for status in sorted(answers)))


def beside(path, target, token):
    slow = connect(path)
    slow.sendall(head(target, 100000, token) + record(STDIN, body(40000)))
    slow.sendall(record(STDIN, body(40000)))
    time.sleep(1)
    held = fill(path, target, -10 * MEGABYTE, {"HTTP_X_SIGNATURE": "00"})
    slow.sendall(record(STDIN, body(20000)) + record(STDIN))
    answers = collections.Counter()
    for connection in held:
        connection.settimeout(0.01)
        try:
            answers[hear(connection)] += 1
        except TimeoutError:
            answers["held"] += 1
    print(hear(slow), *sorted(answers))


LIMIT = (64 << 20) + 2 * (1 << 20)      # and two bodies
HEADER = 100000     # more than one read of a connection takes


def fill(path, target, room, fields=None):
    """Bodies that leave so much room below the limit."""
    held, left = [], LIMIT - room
    while left > 0:
        part = min(left, 900000)
        connection = connect(path)
        connection.sendall(head(target, MEGABYTE, fields=fields))
        try:
            for at in range(0, part, 60000):
                connection.sendall(record(STDIN, body(min(60000, part - at))))
        except OSError:
            pass    # it was refused meanwhile
        held.append(connection)
        left -= part
    time.sleep(1)   # all of it was read, and they are slow
    return held


def large_header(target):
    whole = head(target, 2)
    begin, rest = whole[:16], whole[16:]
    pair = (length(len("HTTP_X_LONG")) + length(HEADER) + b"HTTP_X_LONG" +
            b"x" * HEADER)
    return (begin + record(PARAMS, pair[:60000]) + record(PARAMS, pair[60000:])
            + rest + stream(STDIN, b"12"))


def at_one_moment(pid, *sends):
    os.kill(pid, signal.SIGSTOP)
    try:
        for connection, data in sends:
            connection.sendall(data)
    finally:
        os.kill(pid, signal.SIGCONT)
    time.sleep(0.5)


def full(path, target, pid):
    more = record(STDIN, body(60000))
    still, moving = connect(path), connect(path)
    header = large_header(target)
    still.sendall(header[:90000])
    time.sleep(0.5)
    held = fill(path, target, 90000 + 30000)
    at_one_moment(int(pid), (held[0], more), (still, header[90000:90010]))
    answer = hear(still)
    still.close()
    at_one_moment(int(pid), (moving, header))
    print(answer, hear(moving))


if __name__ == "__main__":
    {"refused": refused, "reused": reused,
     "evicted": evicted, "full": full,
     "beside": beside}[sys.argv[1]](*sys.argv[2:])

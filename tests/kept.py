#!/usr/bin/env python3
"""Receivers that misuse kept connections, in plain text and in TLS.

    kept.py DIRECTORY

takes DIRECTORY/leaf.pem, writes DIRECTORY/kept.port ("PLAIN TLS TLS-1.2") and
appends a line "PATH CONNECTION NTH ID" for each whole request to
DIRECTORY/kept.log, NTH counting a connection's requests.  "?" is appended to
the path where the request was read and then not answered.

    /ok                  200
    /slow-ms/200         200 after so many milliseconds
    /twice-ms/5          200 to the first request, and another 200 so many
                         milliseconds later; all others are refused with 500
    /crlf-ms/5           200, and then an empty line
    /chunk-ms/5          204 with a chunked body, whose end comes so much later
    /short/5             200 and a body that goes on for a whole answer more than
                         Content-Length says; all others are refused with 500
    /idle-408-ms/300     200; a connection idle for so long gets a 408
    /idle-close-ms/300   the same without the 408
    /late-408            200; a connection's second request gets the 408 that
                         was on its way when it was sent, and is not handled
    /late-reset          the same with a reset
    /late-close          the same with a close
    /body-ms/300         200; the body is read so much later than the header
    /early-ms/300        200 so much later than the header, and the body is read
                         so much later than that
    /late-crlf           a connection's second request is answered, but an empty
                         line comes first
    /first-reset         a reset for each request
    /header-kib/64       200 and so much of header
    /refused-kib/64      the same with 503

Lines on standard input: "cut" drops, silently, all that comes on a connection
that is open now; "mute" reads it and never answers.
"""
import asyncio
import contextlib
import ctypes
import os
import socket
import ssl
import struct
import sys

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
NO = b"HTTP/1.1 500 Refused\r\nContent-Length: 0\r\n\r\n"
LATE = (b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
        b"Content-Length: 0\r\n\r\n")
RESET = struct.pack("ii", 1, 0)


class Filter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte),
                ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort),
                ("filters", ctypes.POINTER(Filter))]


def cut(sock):
    """As a firewall does that has forgotten the connection."""
    drop_all = (Filter * 1)(Filter(0x06, 0, 0, 0))
    sock.setsockopt(socket.SOL_SOCKET, 26, bytes(Program(1, drop_all)))


class Kept:
    def __init__(self, directory):
        self.log = open(os.path.join(directory, "kept.log"), "a",
                        encoding="ascii", buffering=1)
        self.open, self.muted = {}, set()
        self.count, self.answered, self.idle = 0, set(), {}

    async def serve(self, reader, writer):
        self.count += 1
        number, nth = self.count, 0
        self.open[number] = writer
        try:
            while True:
                nth += 1
                request = await self.read(reader, writer, number)
                if request is None or not await self.answer(
                        writer, number, nth, *request):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            del self.open[number]
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def read(self, reader, writer, number):
        wait, last = self.idle.pop(number, (None, b""))
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), wait)
        except asyncio.TimeoutError:
            writer.write(last)
            await writer.drain()
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines if line)
        path = first.split(" ")[1]
        _, what, amount, *_ = path.split("/") + [""]
        if what in ("early-ms", "body-ms"):    # and little of it fits
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            await asyncio.sleep(int(amount) / 1000)
        if what == "early-ms":
            writer.write(OK)
            await asyncio.sleep(int(amount) / 1000)
        await reader.readexactly(int(fields["content-length"]))
        return path, fields["webhook-id"]

    async def answer(self, writer, number, nth, path, webhook):
        _, what, *rest = path.split("/")
        amount = int(rest[0]) if rest[0].isdigit() else 0
        pause = amount / 1000
        lost = nth == 2 and what in ("late-408", "late-reset", "late-close")
        lost = lost or what == "first-reset" or number in self.muted
        mark = "?" if lost else ""
        self.log.write(f"{path}{mark} {number} {nth} {webhook}\n")
        if number in self.muted:
            await asyncio.sleep(60)
        if lost and what.endswith("reset"):
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
            return False
        if lost:
            writer.write(LATE if what == "late-408" else b"")
            await writer.drain()
            return False
        writer.get_extra_info("socket").setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in self.parts(what, amount, path, nth):
            if part is None:
                await asyncio.sleep(pause)
                continue
            writer.write(part)
            await writer.drain()
        if what.startswith("idle-"):
            self.idle[number] = pause, LATE if "408" in what else b""
        return True

    def parts(self, what, amount, path, nth):
        once = path not in self.answered
        self.answered.add(path)
        if what == "early-ms":
            return []
        if what == "slow-ms":
            return [None, OK]
        if what == "twice-ms":
            return [OK, None, OK] if once else [NO]
        if what == "crlf-ms":
            return [OK, None, b"\r\n"]
        if what == "chunk-ms":
            return [b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
                    None, b"0\r\n\r\n"]
        if what == "short":
            head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
            return [head, None, b"ok" + OK] if once else [NO]
        if what == "late-crlf" and nth == 2:
            return [b"\r\n" + OK]
        if what in ("header-kib", "refused-kib"):
            status = b"200 OK" if what == "header-kib" else b"503 No"
            return [b"HTTP/1.1 " + status + b"\r\nX-Long: " +
                    b"x" * (1024 * amount) + b"\r\n\r\n"]
        return [OK]

    async def control(self):
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while word := (await reader.readline()).strip():
            if word == b"cut":
                for writer in self.open.values():
                    cut(writer.get_extra_info("socket"))
            else:
                self.muted.update(self.open)
            self.log.write(f"{word.decode()} {len(self.open)}\n")


def tls(directory, most=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if most:
        context.maximum_version = most
    context.load_cert_chain(os.path.join(directory, "leaf.pem"))
    return context


async def main(directory):
    kept = Kept(directory)
    here = {"host": "127.0.0.1", "port": 0, "backlog": 512}
    servers = [
        await asyncio.start_server(kept.serve, **here),
        await asyncio.start_server(kept.serve, ssl=tls(directory), **here),
        await asyncio.start_server(
            kept.serve, ssl=tls(directory, ssl.TLSVersion.TLSv1_2), **here)]
    name = os.path.join(directory, "kept.port")
    with open(name + ".new", "w", encoding="ascii") as file:
        print(*(server.sockets[0].getsockname()[1] for server in servers),
              file=file)
    os.rename(name + ".new", name)
    await kept.control()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))

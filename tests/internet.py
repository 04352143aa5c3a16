#!/usr/bin/env python3
"""The Internet as a worker sees it: internet.py DIRECTORY

In a network namespace whose loopback interface takes every address
(`ip route add local 0.0.0.0/0 dev lo`, the same for ::/0) this is

  - whoever listens there: at every address, on port 80 a server that says 200,
    on port 81 one that closes at once.  DIRECTORY/connections has a line for
    each connection that was ever opened: NUMBER ADDRESS PORT;
    DIRECTORY/requests one for each request: NUMBER ADDRESS PATH;
    A path that ends in /once has its connection closed after the answer;

  - its name server, at 127.0.0.77, by UDP and TCP.  DIRECTORY/zone has lines
    NAME [MANNER…] LIST [LIST…], a list being addresses with commas between; the
    n-th question of a type is answered from the n-th list, the last one
    repeats.  Names v4-HEX.net and v6-HEX.net are the addresses they spell, and
    each of *.cut.net has the manners !tc and !mute.  The manners are
      !delay=MS   the answer takes that long
      !silent=4   A is not answered for; 6, AAAA; 46, both
      !ttl=S      the answer may be kept so long; 0 without
      !rcode=2    that is all the answer says (SERVFAIL); !rcode6=2 of AAAA
      !tc         by UDP, that the answer is too long for it
      !mute       TCP is accepted and never answered
    At 127.0.0.78 it is there by UDP alone: nobody accepts by TCP.
"""
import asyncio
import collections
import ipaddress
import os
import re
import socket
import sys

from receiver import answer, read_request

SO_RCVBUFFORCE = 33     # a worker asks for hundreds of names at once
TYPES = {1: 4, 28: 6}   # A and AAAA: the version of the addresses asked for


def read_query(query):
    """The name, the type, and where the question ends."""
    end = query.index(b"\0", 12) + 5
    name, at = [], 12
    while query[at]:
        name.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += 1 + query[at]
    return ".".join(name), int.from_bytes(query[end - 4:end - 2], "big"), end


class Names(asyncio.DatagramProtocol):
    def __init__(self, directory, asked=None):
        self.zone = os.path.join(directory, "zone")
        self.asked = collections.Counter() if asked is None else asked
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, query, peer):
        name, kind, end = read_query(query)
        manners = self.manners(name)
        if str(TYPES.get(kind)) in manners.get("silent", ""):
            return
        if "tc" in manners:
            answer = query[:2] + b"\x83\x80\0\1\0\0\0\0\0\0" + query[12:end]
        else:
            answer = self.answer(query)
        asyncio.get_running_loop().call_later(
            int(manners.get("delay", 0)) / 1000, self.transport.sendto, answer,
            peer)

    async def serve(self, reader, writer):
        """By TCP."""
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                query = await reader.readexactly(size)
                if "mute" in self.manners(read_query(query)[0]):
                    await reader.read()
                    break
                answer = self.answer(query)
                writer.write(len(answer).to_bytes(2, "big") + answer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, query):
        name, kind, end = read_query(query)
        manners = self.manners(name)
        rcode = int(manners.get("rcode%s" % TYPES.get(kind),
                                manners.get("rcode", 0)))
        found = [] if rcode else self.addresses(name, kind)
        ttl = int(manners.get("ttl", 0)).to_bytes(4, "big")
        records = b"".join(
            b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1" + ttl +
            len(one.packed).to_bytes(2, "big") + one.packed
            for one in found or [])
        return (query[:2] + b"\x81" +
                bytes([0x83 if found is None else 0x80 + rcode]) +
                b"\0\1" + len(found or []).to_bytes(2, "big") +
                b"\0\0\0\0" + query[12:end] + records)

    def manners(self, name):
        if name.endswith(".cut.net"):
            return {"tc": "", "mute": ""}
        words = self.words(name) or []
        return {key: value for key, _, value in
                (word[1:].partition("=") for word in words if word[0] == "!")}

    def addresses(self, name, kind):
        """None: there is no such name."""
        spelled = re.fullmatch(r"v([46])-([0-9a-f]+)\.net", name)
        if spelled:
            known = [ipaddress.ip_address(bytes.fromhex(spelled[2]))]
        else:
            lists = self.lists(name)
            if lists is None:
                return None
            if not lists:
                return []
            turn = min(self.asked[name, kind], len(lists) - 1)
            self.asked[name, kind] += 1
            known = [ipaddress.ip_address(one)
                     for one in lists[turn].split(",")]
        return [one for one in known if one.version == TYPES.get(kind)]

    def lists(self, name):
        words = self.words(name)
        return words and [word for word in words if word[0] != "!"]

    def words(self, name):
        with open(self.zone, encoding="ascii") as file:
            for line in file:
                if line.split()[:1] == [name]:
                    return line.split()[1:]
        return None


class Everybody:
    def __init__(self, directory):
        self.connections = self.log(directory, "connections")
        self.requests = self.log(directory, "requests")
        self.count = 0

    @staticmethod
    def log(directory, name):
        return open(os.path.join(directory, name), "a", encoding="ascii",
                    buffering=1)

    async def serve(self, reader, writer):
        address, port = writer.get_extra_info("sockname")[:2]
        self.count += 1
        number = self.count
        print(number, address, port, file=self.connections)
        try:
            while port == 80 and (request := await read_request(reader)):
                print(number, address, request.path, file=self.requests)
                await answer(writer, 200, b"")
                if request.path.endswith("/once"):
                    break
        except (ConnectionError, ValueError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


async def main(directory):
    everybody = Everybody(directory)
    open(os.path.join(directory, "zone"), "a", encoding="ascii").close()
    servers = [
        await asyncio.start_server(everybody.serve, host, port, family=family,
                                   backlog=1024)
        for port in (80, 81)
        for host, family in (("0.0.0.0", socket.AF_INET),
                             ("::", socket.AF_INET6))]
    names, loop = Names(directory), asyncio.get_running_loop()
    for address in ("127.0.0.77", "127.0.0.78"):
        questions = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        questions.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
        questions.bind((address, 53))
        await loop.create_datagram_endpoint(
            lambda: Names(directory, names.asked), sock=questions)
    servers.append(await asyncio.start_server(
        names.serve, "127.0.0.77", 53, backlog=1024))
    with socket.create_server(("127.0.0.78", 53), backlog=0):
        open(os.path.join(directory, "ready"), "x", encoding="ascii").close()
        await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

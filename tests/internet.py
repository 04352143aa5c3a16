#!/usr/bin/env python3
"""The Internet as a worker sees it: internet.py DIRECTORY

In a network namespace whose loopback interface takes every address
(`ip route add local 0.0.0.0/0 dev lo`, the same for ::/0) this is

  - whoever listens there: at every address, on port 80 a server that says 200,
    on port 81 one that closes at once.  DIRECTORY/connections has a line for
    each connection that was ever opened: NUMBER ADDRESS PORT;
    DIRECTORY/requests one for each request: NUMBER ADDRESS PATH;
  - its name server, at 127.0.0.77.  DIRECTORY/zone has lines
    NAME LIST [LIST…], a list being addresses with commas between; the n-th
    question of a type is answered from the n-th list, the last one repeats.
    Names v4-HEX.net and v6-HEX.net are the addresses they spell.
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


class Names(asyncio.DatagramProtocol):
    def __init__(self, directory):
        self.zone = os.path.join(directory, "zone")
        self.asked = collections.Counter()
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, query, peer):
        end = query.index(b"\0", 12) + 5
        name, at = [], 12
        while query[at]:
            name.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        kind = int.from_bytes(query[end - 4:end - 2], "big")
        found = self.addresses(".".join(name), kind)
        records = b"".join(
            b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\0\0" +
            len(one.packed).to_bytes(2, "big") + one.packed
            for one in found or [])
        self.transport.sendto(
            query[:2] + (b"\x81\x83" if found is None else b"\x81\x80") +
            b"\0\1" + len(found or []).to_bytes(2, "big") + b"\0\0\0\0" +
            query[12:end] + records, peer)

    def addresses(self, name, kind):
        """None: there is no such name."""
        spelled = re.fullmatch(r"v([46])-([0-9a-f]+)\.net", name)
        if spelled:
            known = [ipaddress.ip_address(bytes.fromhex(spelled[2]))]
        else:
            lists = self.lists(name)
            if lists is None:
                return None
            turn = min(self.asked[name, kind], len(lists) - 1)
            self.asked[name, kind] += 1
            known = [ipaddress.ip_address(one)
                     for one in lists[turn].split(",")]
        return [one for one in known if one.version == TYPES.get(kind)]

    def lists(self, name):
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
    questions = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    questions.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
    questions.bind(("127.0.0.77", 53))
    await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Names(directory), sock=questions)
    open(os.path.join(directory, "ready"), "x", encoding="ascii").close()
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

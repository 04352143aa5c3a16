#!/usr/bin/env python3
"""A second opinion on which addresses a webhook may be sent to.

    egress_model.py check JUDGE COUNT [SEED]   compares the verdicts of
                       tests/egress_judge.c on COUNT IPv6 addresses, random and
                       structured, and on the edges of all ranges
    egress_model.py all JUDGE       compares them on every IPv4 address
    egress_model.py edges           prints NAME ADDRESS a|r for the edges of all
                                    ranges: a name of tests/internet.py, where a
                                    connection goes (IPv4 if it is IPv4-mapped)

Written from IANA's special-purpose address registries, and from the clouds'
documentation, not from src/rules/egress.c; Python's ipaddress is asked too.
Ends with 1 at the first difference.
"""
import bisect
import ipaddress
import os
import random
import subprocess
import sys

V4, V6 = ipaddress.IPv4Address, ipaddress.IPv6Address

# https://www.iana.org/assignments/iana-ipv4-special-registry, and IPv4's
# multicast; what is "globally reachable" there is refused too, none of it being
# anybody's web server; Azure's WireServer is in no registry.
IPV4 = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12
192.0.0.0/24 192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32
192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24
192.88.99.0/24 192.88.99.2/32 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15
198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32
224.0.0.0/4 168.63.129.16/32
""".split()

# https://www.iana.org/assignments/iana-ipv6-special-registry, the deprecated
# site-local and IPv4-compatible addresses, multicast, SIIT; and all that IANA
# does not give out: what lies outside of 2000::/3.
IPV6 = """
::1/128 ::/128 ::/96 ::ffff:0:0:0/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64
2001::/23 2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48
2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28
2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7
fe80::/10 fec0::/10 ff00::/8
4000::/2 8000::/1 1000::/4 800::/5 400::/6 200::/7 100::/8
""".split()

# Where an IPv4 address counts for the whole.
MAPPED = ipaddress.ip_network("::ffff:0:0/96")
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def union(texts):
    """The ranges as sorted edges: an odd number of them below means inside."""
    spans = sorted((int(net[0]), int(net[-1]) + 1)
                   for net in map(ipaddress.ip_network, texts))
    edges = []
    for first, end in spans:
        if edges and first <= edges[-1]:
            edges[-1] = max(edges[-1], end)
        else:
            edges += [first, end]
    return edges


EDGES4 = union(IPV4)
# The rest of ::/8 has no entry of its own.
EDGES6 = union(IPV6 + [str(net) for hole in (MAPPED,) for net in
                       ipaddress.ip_network("::/8").address_exclude(hole)
                       for net in ([net] if not net.overlaps(NAT64)
                                   else net.address_exclude(NAT64))])


def refused4(number):
    return bisect.bisect_right(EDGES4, number) % 2 == 1


def refused6(number):
    if number >> 32 in (0xffff, 0x64ff9b << 64):
        return refused4(number & 0xffffffff)
    if number >> 32 & 0xffffffff in (0x5efe, 0x02005efe):
        return True     # ISATAP, RFC 5214
    return bisect.bisect_right(EDGES6, number) % 2 == 1


def library_refuses(address):
    """What Python knows, which is less."""
    if address.version == 6 and (address in MAPPED or address in NAT64):
        address = V4(int(address) & 0xffffffff)
    return (address.is_private or address.is_loopback or address.is_multicast
            or address.is_link_local or address.is_reserved
            or address.is_unspecified or
            getattr(address, "is_site_local", False))


# ---- addresses ---------------------------------------------------------------

def around(texts, bits):
    """The first and last address of each range, and their neighbours."""
    for net in map(ipaddress.ip_network, texts):
        for number in (int(net[0]) - 1, int(net[0]), int(net[-1]),
                       int(net[-1]) + 1):
            if 0 <= number < 1 << bits:
                yield number


def edges():
    numbers4 = sorted(set(around(IPV4, 32)))
    numbers6 = set(around(IPV6 + ["2000::/3", str(MAPPED), str(NAT64)], 128))
    for number in around(IPV4, 32):
        numbers6 |= {int(MAPPED[0]) + number, int(NAT64[0]) + number,
                     0x2002 << 112 | number << 80, number,
                     0x26064700 << 96 | 0x5efe << 32 | number}
    return numbers4, sorted(numbers6)


def structured(rand, nets, list4):
    """Near a range, near a bit of one, or with an IPv4 address within."""
    kind = rand.randrange(6)
    net = rand.choice(nets)
    low, high = int(net[0]), int(net[-1])
    if kind == 0:
        return rand.randint(low, high)
    if kind == 1:
        return rand.choice((low, high)) ^ 1 << rand.randrange(128)
    if kind == 2:
        return (rand.choice((low, high)) + rand.randint(-300, 300)) % (1 << 128)
    four = rand.choice(list4) if rand.random() < .5 else rand.getrandbits(32)
    if kind == 3:       # mapped, NAT64, compatible, SIIT and what is beside
        return rand.choice((0xffff, 0x64ff9b << 64, 0, 0xffff << 16,
                            0x64ff9b0001 << 48, 0xfffe, 0x64ff9b << 64 | 1,
                            0x64ff9c << 64)) << 32 | four
    if kind == 4:       # an interface id with IPv4: ISATAP and not quite
        return ((1 << 61 | rand.getrandbits(61)) << 64 |
                rand.choice((0x5efe, 0x02005efe, 0x5eff, 0x03005efe,
                             0x01005efe, 0xfe5e)) << 32 | four)
    return rand.choice((0x2002 << 112 | four << 80,     # 6to4, Teredo
                        0x2003 << 112 | four << 80, 0x2001 << 112 | four << 64))


def pick(rand, nets, list4):
    if rand.random() < .5:
        return structured(rand, nets, list4)
    return rand.choice((0, 1 << 125)) ^ rand.getrandbits(
        rand.choice((125, 128)))


# ---- comparing ---------------------------------------------------------------

def verdicts(judge, version, numbers):
    size = {4: 4, 6: 16}[version]
    asked = b"".join(number.to_bytes(size, "big") for number in numbers)
    return subprocess.run([judge, str(version)], input=asked, check=True,
                          stdout=subprocess.PIPE).stdout.decode()


def compare(judge, version, numbers, library_each=1):
    refused = {4: refused4, 6: refused6}[version]
    address = {4: V4, 6: V6}[version]
    said = verdicts(judge, version, numbers)
    assert len(said) == len(numbers)
    count = 0
    for at, number in enumerate(numbers):
        want = refused(number)
        count += want
        if (said[at] == "r") != want:
            sys.exit(f"{address(number)}: {said[at]}, wanted refused={want}")
        if at % library_each == 0 and not want and \
                library_refuses(address(number)):
            sys.exit(f"{address(number)}: Python's ipaddress refuses it")
    return count


def check(judge, count, seed):
    rand = random.Random(seed)
    numbers4, numbers6 = edges()
    compare(judge, 4, numbers4)
    compare(judge, 6, numbers6)
    nets = [ipaddress.ip_network(text) for text in IPV6]
    refused, left = 0, count
    while left > 0:
        numbers = [pick(rand, nets, numbers4) for _ in range(min(left, 200000))]
        refused += compare(judge, 6, numbers, 20)
        left -= len(numbers)
    print(f"seed {seed}: {len(numbers4)} IPv4 and {len(numbers6)} IPv6 edges; "
          f"{count} IPv6 addresses, {refused} of them refused: all agree")


def every(judge):
    """The verdicts of all of IPv4 are the places where they change."""
    parts = os.cpu_count() or 1
    size = (1 << 32) // parts
    runs = [subprocess.Popen(
        [judge, "all", str(part * size),
         str((1 << 32) - 1 if part == parts - 1 else (part + 1) * size - 1)],
        stdout=subprocess.PIPE, text=True) for part in range(parts)]
    changes = []
    for run in runs:
        lines = run.communicate()[0].split("\n")[:-1]
        if run.returncode != 0:
            sys.exit(f"{judge} ended with {run.returncode}")
        for line in lines:
            number, verdict = line.split()
            if not changes or changes[-1][1] != verdict:
                changes.append((int(number), verdict))
    want = [(edge, "ra"[at % 2]) for at, edge in enumerate(EDGES4)
            if edge < 1 << 32]
    if changes != want:
        sys.exit(f"they differ: {set(changes) ^ set(want)}")
    count = sum(end - first for first, end in zip(EDGES4[::2], EDGES4[1::2]))
    print(f"all {1 << 32} IPv4 addresses, {count} of them refused: all agree")


def show_edges():
    numbers4, numbers6 = edges()
    for number in numbers4:
        print(f"v4-{number:08x}.net", V4(number), "ar"[refused4(number)])
    for number in numbers6:
        print(f"v6-{number:032x}.net",
              V6(number).ipv4_mapped or V6(number), "ar"[refused6(number)])


def main(command, *arguments):
    if command == "check":
        seed = arguments[2] if len(arguments) > 2 else random.getrandbits(32)
        check(arguments[0], int(arguments[1]), int(seed))
    elif command == "all":
        every(*arguments)
    elif command == "edges":
        show_edges()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])

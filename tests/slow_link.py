#!/usr/bin/env python3
"""A slow way to PostgreSQL: a unix socket in front of its own.

    slow_link.py LISTEN TO BYTES-PER-SECOND

Each connection carries so many bytes a second each way, never in bursts.
Writes a line once it listens; ends with its standard input.
"""
import asyncio
import os
import sys

STEP = 0.02     # seconds between two pieces


async def carry(reader, writer, rate):
    piece = max(1, int(rate * STEP))
    try:
        while data := await reader.read(piece):
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(len(data) / rate)
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main(listen, to, rate):
    async def serve(reader, writer):
        # small buffers: what the link holds has not been carried yet
        theirs = await asyncio.open_unix_connection(to, limit=1 << 14)
        for stream in (writer, theirs[1]):
            stream.transport.set_write_buffer_limits(1 << 14)
        await asyncio.gather(carry(reader, theirs[1], rate),
                             carry(theirs[0], writer, rate))

    server = await asyncio.start_unix_server(serve, listen, backlog=128,
                                             limit=1 << 14)
    os.chmod(listen, 0o777)
    print("listening", flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(
        0, lambda: os.read(0, 4096) or ended.set())
    async with server:
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))

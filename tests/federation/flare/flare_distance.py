"""A line with a delay: what comes in goes out so many seconds later, in order, without a limit.

As a program: `python flare_distance.py HOST PORT TO_HOST TO_PORT SECONDS`. For machines whose
kernel has no `netem`: the bytes of a connection are carried over by this process, each way late.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, late: float) -> None:
    loop, waiting = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()

    async def deliver() -> None:
        while True:
            due, part = await waiting.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not part:
                break
            writer.write(part)
            await writer.drain()
        writer.close()

    delivering = asyncio.create_task(deliver())
    with suppress(OSError):
        while part := await reader.read(65536):
            waiting.put_nowait((loop.time() + late, part))
    waiting.put_nowait((loop.time() + late, b""))
    with suppress(OSError):
        await delivering


async def line(host: str, port: int, to_host: str, to_port: int, late: float) -> None:
    """Serve for ever."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(to_host, to_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_carry(reader, there[1], late), _carry(there[0], writer, late))

    async with await asyncio.start_server(connected, host, port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(line(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]),
                     float(sys.argv[5])))  # fmt: skip

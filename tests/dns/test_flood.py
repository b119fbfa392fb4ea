"""Decisions reach their subscriber while everybody else asks for everything at once."""

import asyncio
import socket
import struct
from contextlib import suppress

from tests.dns.offline import COLD, HOT, Offline, endpoint, key, offline, rcode
from zvon.dns.limits import Limits

SUBSCRIBERS, IDLE, DECISIONS = 30, 150, 40


async def _take(lab: Offline, by: str) -> set[int]:
    """One full transfer; the serials of its first and last record."""
    reader, writer = await asyncio.open_connection(*lab.where, limit=1 << 18)
    wire = lab.query(COLD, "AXFR", by=by).to_wire()
    writer.write(struct.pack("!H", len(wire)) + wire)
    serials: set[int] = set()
    count = 0
    while count != 1:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        message = await reader.readexactly(length)
        assert rcode(message) == 0
        count = struct.unpack_from("!H", message, 6)[0]
        if count == 1 or not serials:
            at = message.index(b"\x0ahostmaster") + 11
            # `localhost` is spelled out once in a message; the name ends with a pointer to it.
            serials.add(struct.unpack_from("!I", message, at + 2)[0])
    writer.close()
    return serials


async def _slow(lab: Offline, by: str) -> None:
    loop = asyncio.get_running_loop()
    with suppress(OSError), socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        place.setblocking(False)
        await loop.sock_connect(place, lab.where)
        wire = lab.query(COLD, "AXFR", by=by).to_wire()
        await loop.sock_sendall(place, struct.pack("!H", len(wire)) + wire)
        while await loop.sock_recv(place, 1):
            await asyncio.sleep(0.5)


async def _datagrams(lab: Offline) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        place.setblocking(False)
        place.connect(lab.where)
        wires = [lab.query(HOT, by=None).to_wire(), lab.query(HOT, word=b"wrong").to_wire(), b"\0"]
        while True:
            for wire in wires * 10:
                with suppress(BlockingIOError):
                    place.send(wire)
            await asyncio.sleep(0.01)


async def test_each_decision_is_told_and_handed_out_under_load() -> None:
    limits = Limits(connections=120, per_address=100, write_s=5.0)
    async with offline(size=30_000, limits=limits) as lab:
        told = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        told.bind(("127.0.0.1", 0))
        told.setblocking(False)
        lab.endpoints = [endpoint(0, HOT, notify=f"127.0.0.1:{told.getsockname()[1]}")]
        lab.endpoints += [endpoint(n, COLD) for n in range(1, SUBSCRIBERS + 6)]
        lab.keys = [key(f"t{n}.zvon", n) for n in range(SUBSCRIBERS + 6)]
        lab.subscribe()
        loop = asyncio.get_running_loop()
        around = [asyncio.create_task(_slow(lab, f"t{SUBSCRIBERS + 1 + n}.zvon")) for n in range(5)]
        around.append(asyncio.create_task(_datagrams(lab)))
        idle = [await asyncio.open_connection(*lab.where) for _ in range(IDLE)]
        taking = [asyncio.create_task(_take(lab, f"t{n}.zvon")) for n in range(1, SUBSCRIBERS + 1)]
        try:
            for n in range(DECISIONS):
                serial = lab.change(HOT, ("add", f"evil{n}.example", "."))
                lab.change(COLD, ("add", f"evil{n}.example", "."))
                async with asyncio.timeout(10):
                    while struct.pack("!I", serial) not in await loop.sock_recv(told, 4096):
                        pass
                wire = lab.query(HOT, "IXFR", by="t0.zvon", serial=serial - 1).to_wire()
                raw = await lab.ask(wire)
                assert struct.pack("!I", serial) in raw
                assert f"evil{n}".encode() in raw
            async with asyncio.timeout(30):
                serials = await asyncio.gather(*taking)
        finally:
            for task in around:
                task.cancel()
            await asyncio.gather(*around, return_exceptions=True)
            for _, writer in idle:
                writer.close()
            told.close()
        assert all(len(each) == 1 for each in serials)
        assert len(lab.primary.door) <= limits.connections

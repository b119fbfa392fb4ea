"""Decisions while the primary is under attack: from the change to the NOTIFY and to the difference.

`python -m bench.flood [--rules N] [--rounds N] [--json F]`. A primary in a process of its own hands
a full zone to 50 subscribers at once, over and over, while 1,000 connections stay idle, 10 readers
take one octet a second and datagrams flood in. The clock starts before the change is written and
stops when one more subscriber has the NOTIFY, and again when it has the difference.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import statistics
import struct
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.primary import ZONES
from bench.transfer import Server, query, receive

TRANSFERS, IDLE, SLOW, DATAGRAMS_S = 50, 1_000, 10, 5_000
# Of the whole of approving, notifying and blocking (goals of `bench.publish`).
GOAL_MS, GOAL_TIMES = 20.0, 2.0


async def _take(port: int, key: int, taken: Any) -> None:
    """Full transfers, one after the other; only counts octets."""
    own = (f"127.0.1.{key}", 0)
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, limit=1 << 18, local_addr=own
            )
            writer.write(query(ZONES["bulk"], "AXFR", key))
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                message = await reader.readexactly(length)
                taken.value += length
                if struct.unpack_from("!H", message, 6)[0] == 1:
                    break
            writer.close()


async def _slow(port: int, key: int) -> None:
    """A reader of one octet a second, which comes back when it is dropped."""
    loop = asyncio.get_running_loop()
    while True:
        with suppress(OSError), socket.socket() as place:
            place.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            place.setblocking(False)
            place.bind((f"127.0.1.{key}", 0))
            await loop.sock_connect(place, ("127.0.0.1", port))
            await loop.sock_sendall(place, query(ZONES["bulk"], "AXFR", key))
            while await loop.sock_recv(place, 1):
                await asyncio.sleep(1)


async def _idle(port: int, own: str) -> None:
    """A connection that says nothing, and comes back when it is closed."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(own, 0))
            await reader.read(1)
            writer.close()
        await asyncio.sleep(5)


async def _datagrams(port: int) -> None:
    """Unsigned questions, in bursts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        place.setblocking(False)
        place.bind(("127.0.3.1", 0))
        wire = struct.pack("!HHHHHH", 7, 0, 1, 0, 0, 0) + b"\4cold\4bulk\4zvon\0\0\x06\0\1"
        while True:
            for _ in range(DATAGRAMS_S // 100):
                with suppress(BlockingIOError):
                    place.sendto(wire, ("127.0.0.1", port))
            await asyncio.sleep(0.01)


def load(port: int, taken: Any) -> None:
    """All of it, until the process is ended."""

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            for n in range(TRANSFERS):
                group.create_task(_take(port, 1 + n, taken))
            for n in range(SLOW):
                group.create_task(_slow(port, 1 + TRANSFERS + n))
            for n in range(IDLE):
                group.create_task(_idle(port, f"127.0.2.{n % 20 + 1}"))
            group.create_task(_datagrams(port))

    asyncio.run(run())


def decide(server: Server, told: socket.socket, serial: int) -> tuple[float, float]:
    """One change: milliseconds until the NOTIFY, and until the difference is here."""
    began = time.perf_counter()
    server.do("add hot 1")
    while struct.pack("!I", serial + 1) not in told.recv(4096):
        pass
    notified = time.perf_counter()
    receive(server.port, query(ZONES["hot"], "IXFR", 0, serial=serial), full=False)
    return (notified - began) * 1e3, (time.perf_counter() - began) * 1e3


def rounds_of(
    server: Server, told: socket.socket, first: int, count: int
) -> list[tuple[float, float]]:
    """Many changes, ten each second."""
    found = []
    for n in range(count):
        found.append(decide(server, told, first + n))
        time.sleep(0.1)
    return found


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return statistics.quantiles(values, n=20)[-1]


def main() -> int:
    """Quiet, then under load; 1 when decisions became slower than they may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    told = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    told.bind(("127.0.0.1", 0))
    told.settimeout(30)
    with tempfile.TemporaryDirectory(prefix="zvon-bench-") as folder:
        server = Server(given.rules, "bulk", Path(folder), notify=told.getsockname()[1])
        receive(server.port, query(ZONES["bulk"], "AXFR", 0))
        quiet = rounds_of(server, told, 1, given.rounds)
        taken = multiprocessing.Value("q", 0)
        attack = multiprocessing.Process(target=load, args=(server.port, taken), daemon=True)
        attack.start()
        try:
            time.sleep(5)
            before, began, cpu = taken.value, time.perf_counter(), server.do("time")["cpu_total"]
            loud = rounds_of(server, told, 1 + given.rounds, given.rounds)
            after = server.do("time")
            seconds = time.perf_counter() - began
            rate = (taken.value - before) / seconds / 1e6
            busy = (after["cpu_total"] - cpu) / seconds
        finally:
            attack.kill()
            attack.join()
            server.stop()
    results: dict[str, float] = {"transfers_mb_s": rate, "cpu": busy, "mb": after["mb"]}
    print(f"{TRANSFERS} transfers at {rate:.0f} MB/s together, {busy:.0%} of a core, "
          f"{after['mb']:.0f} MB")  # fmt: skip
    failed = 0
    for name, at in (("to the NOTIFY", 0), ("to the difference", 1)):
        calm, hard = p95([each[at] for each in quiet]), p95([each[at] for each in loud])
        results |= {f"{name} quiet p95 ms": calm, f"{name} flood p95 ms": hard}
        met = hard <= max(GOAL_MS, GOAL_TIMES * calm)
        failed += not met
        print(f"  {name:<18} p95 {calm:6.1f} ms quiet, {hard:6.1f} ms under load "
              f"({hard / calm:.1f}x; goal {GOAL_MS:.0f} ms or {GOAL_TIMES:.0f}x) "
              f"{'met' if met else 'NOT MET'}")  # fmt: skip
    if given.json is not None:
        given.json.write_text(json.dumps(results, indent=1) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

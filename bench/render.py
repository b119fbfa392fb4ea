"""Opening pages in a browser: looks a minute, where the time goes, memory, and what is left behind.

`python -m bench.render`: kits and clean pages written here, served by this process on loopback;
each address is seen as a phone and as a desktop, with a screenshot, its hash and its letters.
"""

import asyncio
import statistics
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from zvon.collect import browser_evidence
from zvon.collect.fetch.guard import Guard
from zvon.collect.render.look import Looker, Taken
from zvon.collect.render.process import find, running
from zvon.collect.render.proxy import Proxy
from zvon.collect.render.vantage import phone
from zvon.collect.render.visit import visit
from zvon.model.brand import shipped
from zvon.model.evidence import EvidenceCode

HOST = "kit.example"
PAGES = 8
TEXT = "<p>Prosimo, preverite svoje podatke in potrdite dostavo paketa na vaš naslov.</p>" * 12
FORM = "<form action=/in method=post><input name=u><input type=password><button>Prijava</button></form>"
HEAD = "<!doctype html><html lang=sl><meta name=viewport content='width=device-width'>"
CLEAN = f"{HEAD}<title>Prijava</title><h1>Vrtnarija Lipa</h1>{FORM}{TEXT}".encode()
SCRIPTED = f"""{HEAD}<title>Prijava</title><h1>Lipa banka</h1>{TEXT}<div id=x></div>
<script>setTimeout(()=>{{x.innerHTML=`{FORM}`}},300)</script>""".encode()
OTHER = f"{HEAD}<title>Vrtnarija</title><h1>Rože</h1>{'<p>Rože zalivamo zvečer ob potoku.' * 20}".encode()
ENDLESS = f"{HEAD}<h1>Lipa banka</h1>{TEXT}{FORM}<script>setTimeout(()=>{{for(;;);}},100)</script>".encode()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pages by their path; `/cloak` shows telephones a form and others flowers."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        writer.close()
        return
    path = head.split(b" ", 2)[1]
    body = {b"/clean": CLEAN, b"/scripted": SCRIPTED, b"/endless": ENDLESS}.get(
        path.partition(b"?")[0], SCRIPTED if b"Mobile" in head else OTHER
    )
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
                 b"Content-Length: %d\r\n\r\n" % len(body) + body)  # fmt: skip
    await writer.drain()
    writer.close()


def main() -> None:
    asyncio.run(measure())


async def measure() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def here(_: str) -> tuple[str, ...]:
        return ("127.0.0.1",)

    guard = Guard(resolve=here, allow={(HOST, port)})
    base = f"http://{HOST}:{port}"
    await starting(guard, base)
    looker = Looker(guard, registry=shipped(), country="SI", clock=lambda: datetime.now(UTC))
    for path in ("clean", "scripted", "cloak"):
        await looking(looker, f"{base}/{path}", PAGES)
    await looking(looker, f"{base}/endless", 2)
    left = list(Path(tempfile.gettempdir()).glob("zvon-look-*"))
    print(f"left behind: {len(left)} profiles, {chromes()} processes")
    server.close()


async def starting(guard: Guard, base: str) -> None:
    """What a browser costs by itself, and what one look adds."""
    starts, ends, looks, peaks = [], [], [], []
    for _ in range(5):
        began = time.perf_counter()
        async with running(find(None)) as browser:
            starts.append(time.perf_counter() - began)
            async with Proxy(guard) as proxy:
                began = time.perf_counter()
                await visit(browser, f"{base}/clean", phone("SI"), proxy.address)
                looks.append(time.perf_counter() - began)
            await asyncio.sleep(0.3)
            peaks.append(browser.peak)
            began = time.perf_counter()
        ends.append(time.perf_counter() - began)
    print(
        f"start {statistics.median(starts):.2f} s, one visit {statistics.median(looks):.2f} s, "
        f"end {statistics.median(ends):.2f} s, peak memory {max(peaks) / 2**20:.0f} MB"
    )


async def looking(looker: Looker, url: str, count: int) -> None:
    """`count` looks at fresh addresses, one after the other, and what they say."""
    took, said, outcomes = [], Counter[str](), Counter[str]()
    for number in range(count):
        began = time.perf_counter()
        taken = await looker.look(f"{url}?n={number}")
        took.append(time.perf_counter() - began)
        outcomes.update(each.capture.outcome.value for each in taken)
        said.update(told(taken))
    print(
        f"{url.rpartition('/')[2]}: {60 * count / sum(took):.0f} looks/min (two vantages each), "
        f"median {statistics.median(took):.2f} s, worst {max(took):.2f} s; "
        f"{dict(outcomes)}; {dict(sorted(said.items()))}"
    )


def told(taken: tuple[Taken, ...]) -> list[str]:
    rows = browser_evidence.of_looks(taken, [], shipped(), datetime.now(UTC))
    return [
        f"{row.code}={row.value}" for row in rows
        if row.code in {EvidenceCode.CLOAK, EvidenceCode.FORM}
    ]  # fmt: skip


def chromes() -> int:
    """Browsers of ours that still run."""
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            count += b"zvon-look-" in (folder / "cmdline").read_bytes()
        except OSError:
            continue
    return count


if __name__ == "__main__":
    main()

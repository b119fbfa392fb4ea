"""Pages built to harm whoever looks: each is refused or cut, is evidence, and the worker goes on."""

import asyncio
import gzip
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from tests.assess.message import message
from tests.assess.stored import stored
from tests.collect.site import Answer, moved, page, site
from tests.store.world import own_party
from zvon.collect.fetch.client import Client
from zvon.collect.fetch.guard import Guard
from zvon.collect.look_page import fetch_pages
from zvon.config import Settings
from zvon.jobs import Context, Handler, enqueue, run_worker
from zvon.model.evidence import EvidenceCode as Code
from zvon.model.page import Capture, Outcome
from zvon.store import capture, evidence
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MEMBER = gzip.compress(bytes(1 << 20))
PUBLIC = "93.184.216.34"
GOOD = "<title>Kavarna</title><form><input type=password></form>"


class Rebinding:
    """A name server of an attacker: public at first, loopback from the second question on."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(self, host: str) -> tuple[str, ...]:
        if host == "mixed.example":
            return (PUBLIC, "10.0.0.1")
        if host == "rebinding.example":
            self.asked += 1
            return (PUBLIC,) if self.asked == 1 else ("127.0.0.1",)
        return ()


async def bomb(_: str, writer: asyncio.StreamWriter) -> None:
    """Ten gigabytes, in ten megabytes on the wire."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n")
    for __ in range(10_240):
        writer.write(MEMBER)
        await writer.drain()


TRAPS: dict[str, tuple[Answer, Code, str]] = {
    "/octal": (moved("http://0x7f.1/"), Code.REFUSED, "loopback"),
    "/nat64": (moved("http://[64:ff9b::7f00:1]/"), Code.REFUSED, "translated"),
    "/mixed": (moved("https://mixed.example/"), Code.REFUSED, "mixed"),
    "/file": (moved("file:///etc/passwd"), Code.REFUSED, "scheme"),
    "/gopher": (moved("gopher://127.0.0.1:6379/_x"), Code.REFUSED, "scheme"),
    "/bad": (moved("http://0177.0.0.1.5/"), Code.REFUSED, "bad_address"),
    "/meta": (page("<meta http-equiv=refresh content='0;url=http://169.254.169.254/'>"),
              Code.REFUSED, "metadata"),
    "/circle": (moved("/circle"), Code.FINAL, ""),
    "/bomb": (bomb, Code.FINAL, ""),
    "/heads": (page("x", "X-A: " + "a" * 300_000), Code.FINAL, ""),
    "/deep": (page("<div>" * 10_000 + "<form><input type=password></form>"), Code.FORM, "password"),
}  # fmt: skip
# A bomb is cut by its size or by its ratio, whichever the first bytes reach.
CUT = {"/circle": {"redirects"}, "/bomb": {"size", "ratio"}, "/heads": {"headers"}}


async def test_every_trap_is_evidence_and_the_worker_takes_the_next_job(
    pool: Pool, tmp_path: Path
) -> None:
    await own_party(pool, AT)
    record_id = await stored(pool, AT, message("Glej https://www.lipa.example/a"))
    context = Context(pool, Settings(root=tmp_path), cast(Any, SimpleNamespace(key=bytes(32))),
                      lambda: datetime.now(UTC), os.urandom)  # fmt: skip
    answers: dict[str, Answer] = {path: trap[0] for path, trap in TRAPS.items()}
    async with site({**answers, "/good": page(GOOD)}) as here:
        guard = Guard(resolve=Rebinding().resolve, allow=here.allow)
        handlers: dict[str, Handler] = {"collect.fetch": partial(fetch_pages, guard=guard)}
        stop = asyncio.Event()
        working = asyncio.create_task(run_worker(context, handlers, {}, stop))
        async with transaction(pool, AT) as tx:
            for path in (*TRAPS, "/good"):
                await enqueue(
                    tx, "collect.fetch", {"record_id": record_id, "urls": [here.url(path)]}
                )
        async with asyncio.timeout(60):
            while len({each.url for each in await looks(pool, record_id)}) < len(TRAPS) + 1:
                await asyncio.sleep(0.1)
        assert not working.done()
        stop.set()
        await working
        async with read(pool, SYSTEM) as db:
            rows = await evidence.of_record(db, record_id)
        said = {(row.observable.value, row.code, row.value) for row in rows}
        for path, (_, code, value) in TRAPS.items():
            assert (here.url(path), code, value or here.url(path)) in said, path
        assert (here.url("/good"), Code.FORM, "password") in said
        seen = {each.url: each for each in await looks(pool, record_id)}
        for path, reasons in CUT.items():
            assert seen[here.url(path)].reason in reasons


async def looks(pool: Pool, record_id: int) -> list[Capture]:
    async with read(pool, SYSTEM) as db:
        return await capture.of_record(db, record_id)


async def test_a_name_that_changes_its_mind_gets_nothing() -> None:
    """The second look-up says loopback: it is judged anew, and the first address was connected to."""
    guard = Guard(resolve=Rebinding().resolve)
    assert await guard.judged("rebinding.example", 80) == (PUBLIC,)
    async with Client(guard) as client:
        found = await client.get("http://rebinding.example/")
    assert (found.outcome, found.reason) == (Outcome.REFUSED, "loopback")

"""Whom registries name for an address: asked once, kept, and used without the network."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.share.post import Desk, desk_of
from zvon.collect import contact
from zvon.collect.rdap import NoAnswer, parse_network
from zvon.jobs import Context
from zvon.store import contact_lookup
from zvon.store.contact_lookup import BadSubject, subject
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

NETWORK = {
    "objectClassName": "ip network", "startAddress": "198.51.100.0", "endAddress": "198.51.100.255",
    "name": "TUJ-NET", "country": "HR",
    "entities": [{"roles": ["abuse"], "vcardArray": ["vcard", [["email", {}, "text", "abuse@tuj.example"]]]}],
}  # fmt: skip


@asynccontextmanager
async def registry(answers: dict[str, object]) -> AsyncIterator[tuple[str, list[str]]]:
    """An RDAP service on loopback, and what it was asked."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).decode().split()[1]
        asked.append(path)
        body = json.dumps(answers.get(path, {})).encode()
        status = b"200 OK" if path in answers else b"404 Not Found"
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body))  # fmt: skip
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", asked


def asking(desk: Desk, base: str) -> Context:
    settings = desk.context.settings.model_copy(update={"rdap_url": base})
    return Context(desk.pool, settings, desk.context.node, desk.context.clock, desk.context.random)


async def test_a_network_is_asked_for_once_and_kept(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with desk_of(pool, now, tmp_path) as desk, registry({"/ip/198.51.100.9": NETWORK}) as (base, asked):  # fmt: skip
        context = asking(desk, base)
        for value in ("198.51.100.9", "198.51.100.77", "http://198.51.100.9/x"):
            await contact.ask(context, {"value": value})
        async with read(pool, SYSTEM) as db:
            found = await contact_lookup.of(db, subject("198.51.100.77"), "SI")
        assert asked == ["/ip/198.51.100.9"]
        assert [(f.why, f.address, f.of) for f in found] == [("rir", "abuse@tuj.example", "198.51.100.0/24")]  # fmt: skip
        desk.later(days=8)
        await contact.ask(context, {"value": "198.51.100.9"})
        assert len(asked) == 2


async def test_nobody_named_is_remembered_and_silence_is_not(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with desk_of(pool, now, tmp_path) as desk:
        async with registry({}) as (base, asked):
            for _ in range(2):
                await contact.ask(asking(desk, base), {"value": "tuj.example"})
            assert len(asked) == 1
        await contact.ask(asking(desk, base), {"value": "drug.example"})
        assert await desk.rows("select subject, address from abuse_contact") == [
            ("tuj.example", "")
        ]
        async with read(pool, SYSTEM) as db:
            assert await contact_lookup.of(db, subject("tuj.example"), "SI") == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", json.dumps({**NETWORK, "endAddress": "x"}).encode(),
     json.dumps({**NETWORK, "startAddress": "203.0.113.0", "endAddress": "203.0.113.9"}).encode(),
     json.dumps({**NETWORK, "startAddress": "2001:db8::"}).encode()],
)  # fmt: skip
def test_an_answer_about_something_else_is_none(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        parse_network(body, "198.51.100.9")


@pytest.mark.parametrize("text", ["", "   ", "//", "a b", "\0", "x" * 3000])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(BadSubject):
        subject(text)

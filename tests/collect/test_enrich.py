"""Evidence is fetched for the sender's names only, once, within its time, or it is missing."""

import socket
import time
from datetime import UTC, datetime, timedelta

from tests.assess.message import message
from tests.assess.stored import context, row, stored
from tests.store.world import own_party
from zvon.cli.demo.world import World
from zvon.collect.enrich import enrich, subjects
from zvon.model.evidence import EvidenceCode
from zvon.respond.fixtures import world
from zvon.store import evidence
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

AT = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
TEXT = "Poglejte https://www.lipa.example/a in https://www.nlb.si/"


def test_official_names_and_shown_names_are_never_asked_about() -> None:
    assert [s.host for s in subjects(message(TEXT))] == ["www.lipa.example"]
    shown = message("https://a.lipa.example/x", shown="https://www.brod.example/")
    assert [s.host for s in subjects(shown)] == ["a.lipa.example"]
    mail = message("Pozdrav", sender="kdo@brod.example")
    assert [s.host for s in subjects(mail)] == ["brod.example"]


async def test_facts_are_stored_and_taken_from_the_store_the_second_time(pool: Pool) -> None:
    await own_party(pool, AT)
    async with World(world(), lambda: AT) as w:
        job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url)
        first, second = await stored(pool, AT, message(TEXT)), await stored(pool, AT, message(TEXT))
        await enrich(job, {"record_id": first})
        asked = dict(w.asked)
        await enrich(job, {"record_id": second})
        assert w.asked == asked
    async with read(pool, SYSTEM) as db:
        one = await evidence.of_record(db, first)
        two = await evidence.of_record(db, second)
    facts = {(e.observable.value, e.code): e.value for e in one}
    assert facts["lipa.example", EvidenceCode.REGISTERED].startswith("2004-02-20")
    assert facts["www.lipa.example", EvidenceCode.ADDRESSES] == "198.51.100.20"
    assert facts["lipa.example", EvidenceCode.MAIL_SERVERS] == "mx1.lipa.example"
    assert one == two
    assert "www.nlb.si" not in asked


async def test_stale_facts_are_fetched_again(pool: Pool) -> None:
    await own_party(pool, AT)
    later = AT + timedelta(days=2)
    async with World(world(), lambda: AT) as w:
        settings = {"resolver": w.resolver, "rdap_url": w.rdap_url}
        await enrich(context(pool, lambda: AT, **settings),
                     {"record_id": await stored(pool, AT, message(TEXT))})  # fmt: skip
        asked = w.asked["www.lipa.example"]
        await enrich(context(pool, lambda: later, **settings),
                     {"record_id": await stored(pool, later, message(TEXT))})  # fmt: skip
        assert w.asked["www.lipa.example"] > asked


async def test_silence_is_missing_takes_two_seconds_and_stops_nothing(pool: Pool) -> None:
    await own_party(pool, AT)
    with socket.socket() as http, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        http.bind(("127.0.0.1", 0))
        http.listen()
        udp.bind(("127.0.0.1", 0))
        job = context(pool, lambda: AT, resolver=f"127.0.0.1:{udp.getsockname()[1]}",
                      rdap_url=f"http://127.0.0.1:{http.getsockname()[1]}")  # fmt: skip
        record_id = await stored(pool, AT, message(TEXT))
        began = time.monotonic()
        await enrich(job, {"record_id": record_id})
        assert time.monotonic() - began < 3.0
    async with read(pool, SYSTEM) as db:
        assert await evidence.of_record(db, record_id) == []
    count = "select count(*) from pgqueuer where entrypoint = 'assess.report'"
    assert (await row(pool, count))[0] == 1

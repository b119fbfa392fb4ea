"""Evidence is fetched for the sender's names only, once, within its time, or it is missing."""

import asyncio
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.assess.message import message
from tests.assess.stored import context, row, stored
from tests.store.world import own_party
from zvon.assess.jobs import assess
from zvon.cli.demo.world import World
from zvon.collect.enrich import BUDGET_S, enrich, fetch, subjects
from zvon.config import Settings
from zvon.model.evidence import EvidenceCode
from zvon.respond.fixtures import world
from zvon.store import evidence, verdict
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


async def test_silence_is_missing_is_bounded_and_is_asked_again(pool: Pool) -> None:
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
        assert time.monotonic() - began < BUDGET_S + 2.0
    async with read(pool, SYSTEM) as db:
        assert await evidence.of_record(db, record_id) == []
    jobs = "select array_agg(entrypoint order by entrypoint) from pgqueuer"
    assert (await row(pool, jobs))[0] == ["assess.report", "collect.enrich"]


async def test_a_fact_that_came_late_is_assessed_again(pool: Pool) -> None:
    await own_party(pool, AT)
    lure = message("FURS: vračilo v 24 urah https://hitro.edavki-vracilo.example/p")
    record_id = await stored(pool, AT, lure)
    deaf = context(pool, lambda: AT, resolver="127.0.0.1:1", rdap_url="http://127.0.0.1:1")
    await enrich(deaf, {"record_id": record_id})
    await assess(deaf, {"record_id": record_id})
    async with World(world(), lambda: AT) as w:
        job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url)
        async with read(pool, SYSTEM) as db:
            narrow = await verdict.latest(db, record_id)
        await enrich(job, {"record_id": record_id, "attempt": 1})
        await assess(job, {"record_id": record_id, "again": True})
        await assess(job, {"record_id": record_id, "again": True})
    async with read(pool, SYSTEM) as db:
        wide = await verdict.latest(db, record_id)
    assert narrow is not None
    assert wide is not None
    assert [line.scope.value for line in narrow[1]] == ["host"]
    assert [line.scope.value for line in wide[1]] == ["registrable_sub"]
    count = "select count(*) from verdict where record_id = %s"
    assert (await row(pool, count, record_id))[0] == 2


async def test_reports_at_once_ask_for_a_name_once() -> None:
    async with World(world(), lambda: AT) as w:
        ask = Settings(root=Path("unused"), resolver=w.resolver, rdap_url=w.rdap_url)
        names = subjects(message(TEXT))
        found = await asyncio.gather(*(fetch(ask, names, [], lambda: AT) for _ in range(20)))
        assert all(each == found[0] and each.rows for each in found)
        assert w.asked["www.lipa.example"] == 2  # A and AAAA

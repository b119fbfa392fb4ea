"""Watched names are looked at when it is time, and become a report only when something came."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from tests.assess.stored import context
from tests.collect.intake import waiting_jobs
from tests.store.world import own_party, somebody
from zvon.access.viewer import Viewer
from zvon.assess import watch as assessing
from zvon.assess.jobs import assess as judge
from zvon.cli.demo.world import World
from zvon.collect.decode import decode
from zvon.collect.enrich import enrich
from zvon.collect.fetch.client import Client, Fetched
from zvon.collect.watch import escalate, escalate_now, look, look_at
from zvon.jobs import Context
from zvon.ml.brand import shipped
from zvon.ml.lookalike import find
from zvon.model.page import Hop, Outcome
from zvon.store import evidence, watch, watch_look
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read
from zvon.store.watch import Filter, Item

AT = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
NAME = "posta-si-pack.example"
PLACE = """
[defaults]
ttl = 2
ns = ["ns1.svet.example"]
zones = ["example"]
[name."posta-si-pack.example"]
address = "192.0.2.10"
mx = "mx.posta-si-pack.example"
age_days = 2
registrar = "Poceni Domene"
"""
EMPTY = PLACE.replace("posta-si-pack", "nekaj-drugega")
FORM = b"<title>Po\xc5\xa1ta Slovenije</title><form><input type=password name=geslo></form>"


class Pages:
    """What the web would answer: a page, or nobody."""

    def __init__(self, body: bytes | None) -> None:
        self.body = body
        self.asked: list[str] = []

    async def get(self, url: str, **_: Any) -> Fetched:
        self.asked.append(url)
        if self.body is None or url.startswith("https:"):
            return Fetched(hops=(Hop(url, 0),), outcome=Outcome.UNREACHABLE, reason="no_answer")
        return Fetched(hops=(Hop(url, 200),), outcome=Outcome.SEEN, status=200, body=self.body,
                       headers=(("content-type", "text/html; charset=utf-8"),))  # fmt: skip


@pytest.fixture
async def ana(pool: Pool) -> Viewer:
    return await somebody(pool, AT, await own_party(pool, AT), "ana")


async def watched(pool: Pool, who: Viewer) -> Item:
    async with read(pool, who) as db:
        [item] = await watch.page(db, who, Filter(), 9)
    return item


async def put(pool: Pool, who: Viewer) -> Item:
    async with transaction(pool, AT) as tx:
        await watch.put_all(tx, list(find(shipped(), [NAME])), "list:x", AT, os.urandom)
    return await watched(pool, who)


async def seen(job: Context, item: Item, body: bytes | None) -> dict[str, Any]:
    [found] = await look_at(job, cast(Client, Pages(body)), [item], [])
    return found.seen


async def test_a_look_finds_addresses_mail_age_and_what_the_page_asks(
    pool: Pool, ana: Viewer
) -> None:
    item = await put(pool, ana)
    async with World(PLACE, lambda: AT) as w:
        job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url)
        found = await seen(job, item, FORM)
        assert found["addresses"] == ["192.0.2.10"]
        assert found["mail"] == ["mx.posta-si-pack.example"]
        assert found["registered"].startswith("2026-05-02")
        assert (found["page"]["asks"], found["page"]["title"]) == (["password"], "Pošta Slovenije")
        assert (await seen(job, item, None))["page"] == {"outcome": "unreachable"}


async def test_a_hostile_page_can_be_kept(pool: Pool, ana: Viewer) -> None:
    item = await put(pool, ana)
    async with World(PLACE, lambda: AT) as w:
        job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url)
        found = await seen(job, item, b"<title>a\x00b\x1b&#xd800;&#0;</title><p>\xff\x00&#x7f;")
    async with transaction(pool, AT) as tx:
        await watch_look.saw(tx, [(item.id, found)])
    assert (await watched(pool, ana)).seen["page"]["outcome"] == "seen"


async def test_a_name_that_does_not_exist_has_no_page(pool: Pool, ana: Viewer) -> None:
    item = await put(pool, ana)
    async with World(EMPTY, lambda: AT) as w:
        job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url)
        pages = Pages(FORM)
        [found] = await look_at(job, cast(Client, pages), [item], [])
    assert (found.seen["addresses"], found.seen["page"]) == ([], None)
    assert pages.asked == []


async def test_with_pages_turned_off_nobody_asks_for_one(pool: Pool, ana: Viewer) -> None:
    item = await put(pool, ana)
    async with World(PLACE, lambda: AT) as w:
        job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url, fetch=False)
        pages = Pages(FORM)
        await look_at(job, cast(Client, pages), [item], [])
    assert pages.asked == []


async def test_due_names_are_looked_at_once_and_handed_on(pool: Pool, ana: Viewer) -> None:
    item = await put(pool, ana)
    async with World(PLACE, lambda: AT) as w:
        job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url)
        await look(job, {})
        await look(job, {})
    assert await waiting_jobs(pool) == [("assess.watch", {"ids": [item.id]})]
    after = await watched(pool, ana)
    assert after.seen["addresses"] == ["192.0.2.10"]
    assert "page" not in after.seen, "our guard refused the address, which says nothing of the page"
    async with read(pool, SYSTEM) as db:
        facts = await evidence.fresh(db, [_domain()], AT)
    assert {row.value for row in facts} == {"192.0.2.10"}


def _domain() -> Any:
    from zvon.model.observable import Observable, ObservableType

    return Observable(ObservableType.DOMAIN, NAME)


async def test_from_the_stream_to_a_report_in_the_queue(pool: Pool, ana: Viewer) -> None:
    """The whole way: found, looked at, a form arrived, escalated, one report."""
    item = await put(pool, ana)
    async with World(PLACE, lambda: AT) as w:
        job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url)
        found = await seen(job, item, FORM)
    async with transaction(pool, AT) as tx:
        await watch_look.saw(tx, [(item.id, found)])
    await assessing.assess(job, {"ids": [item.id]})
    [(name, payload)] = await waiting_jobs(pool)
    assert (name, payload) == ("collect.escalate", {"uuids": [str(item.uuid)]})
    for _ in range(2):
        await escalate(job, payload)
    after = await watched(pool, ana)
    assert after.state == "escalated"
    assert {"WATCH_SEEN_FORM", "WATCH_SEEN_BRAND", "WATCH_SEEN_YOUNG"} <= {
        r.code for r in after.reasons
    }
    assert [name for name, _ in await waiting_jobs(pool)] == ["collect.escalate", "collect.decode"]
    assert after.record_uuid is not None
    async with read(pool, ana) as db:
        row = await (await db.execute("select channel, door from report")).fetchall()
    assert row == [("watch", "watch")]
    async with pool.connection() as db:
        count = await (await db.execute("select count(*) from block")).fetchone()
    assert count == (0,), "a watch item is never a block by itself"


async def test_the_report_is_judged_like_any_other_and_waits_for_a_person(
    pool: Pool, ana: Viewer
) -> None:
    item = await put(pool, ana)
    async with transaction(pool, AT) as tx:
        await escalate_now(tx, ana, item.uuid, "a bank called us", AT)
    async with World(PLACE, lambda: AT) as w:
        job = context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url)
        await escalate(job, {"uuids": [str(item.uuid)]})
        for name, handler in (("collect.decode", decode), ("collect.enrich", enrich),
                              ("assess.report", judge)):  # fmt: skip
            [payload] = [given for waiting, given in await waiting_jobs(pool) if waiting == name]
            await handler(job, payload)
    async with read(pool, ana) as db:
        [found] = await (await db.execute("select brand, state, verdict from incident")).fetchall()
    assert found[:2] == ("si.posta", "new")
    assert found[2] in {"malicious", "suspicious"}


async def test_a_person_can_escalate_at_once(pool: Pool, ana: Viewer) -> None:
    item = await put(pool, ana)
    async with transaction(pool, AT) as tx:
        after = await escalate_now(tx, ana, item.uuid, "a bank called us", AT)
    assert after.state == "escalated"
    [(_, payload)] = await waiting_jobs(pool)
    await escalate(context(pool, lambda: AT + timedelta(minutes=1)), payload)
    assert (await watched(pool, ana)).record_uuid is not None

"""A Slovene and a Croatian skin of one kit are one campaign across the border, on both nodes."""

import os
from typing import Any
from uuid import UUID

import pytest

from tests.share.two import Two
from zvon.assess.jobs import JOBS as ASSESS
from zvon.collect.jobs import JOBS as COLLECT
from zvon.collect.submit import submit
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.observable import CODE, Observable, ObservableType
from zvon.model.report import Channel, Door, Lang, ReportIn
from zvon.privacy.kit_mark import MARK, key_of, mark
from zvon.respond import decide
from zvon.share import release
from zvon.share.jobs import JOBS
from zvon.store import campaign, campaign_page
from zvon.store.campaign import Joining, Key
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting

SKINS = {
    "SI": "Pošta Slovenije: paketa nismo mogli dostaviti, plačajte 0,27 EUR na "
          "https://posta-si.dostava-paketa.example/i?t=7F3K9Q",
    "HR": "Hrvatska pošta: pošiljka stoji u sortirnici, dopunite adresu na "
          "https://hp-posiljka.azuriraj-naslov.example/a?t=9Q2K",
}  # fmt: skip
SKELETON = "5eed5eed5eed5eed"


async def seen(node: Two, country: str, skeleton: str) -> UUID:
    """A skin is reported, its page is looked at, an analyst calls it malicious; the incident."""
    node.jobs |= {**COLLECT, **ASSESS}
    report = ReportIn(body=SKINS[country].encode(), media_type="text/plain; charset=utf-8",
                      channel=Channel.SMS, door=Door.API, lang=Lang.SL,
                      received_at=node.now)  # fmt: skip
    await submit(node.context.pool, report, now=node.now, random=os.urandom)
    await node.work()
    (found,) = await node.rows(
        "select i.uuid, i.version, r.record_id from incident i join report r on r.incident_id = i.id"
    )
    async with transaction(node.context.pool, node.now) as tx:
        key = Key(Observable(ObservableType.SKELETON, skeleton), True, "SAME_PAGE", "x")
        joining = Joining(record_id=found["record_id"], keys=(key,), at=node.now,
                          uuid=uuid7(node.now, os.urandom(RANDOM_BYTES)))  # fmt: skip
        await campaign.note_keys(tx, [joining])
        await campaign.join_all(tx, [joining], node.now)
    async with transaction(node.context.pool, node.now, viewer=viewer_setting(node.analyst)) as tx:
        await decide.verdict(tx, node.analyst, found["uuid"], "malicious",
                             version=found["version"], reason="checked", now=node.now)  # fmt: skip
    incident: UUID = found["uuid"]
    return incident


async def shared(node: Two, incident: UUID) -> dict[str, Any]:
    """The incident goes to the group; what left."""
    me, group = node.context.node, await node.group()
    async with transaction(node.context.pool, node.now, viewer=viewer_setting(node.analyst)) as tx:
        share = await release.prepare(tx, node.analyst, incident, group, node.now, me)
    hide = {n: "hide" for n, span in enumerate(share.spans) if span["state"] == "ask"}
    async with transaction(node.context.pool, node.now, viewer=viewer_setting(node.boss)) as tx:
        out = await release.release(tx, node.boss, share.uuid, hide, node.now, me)
    return out.event


async def countries(node: Two) -> list[tuple[str, int]]:
    """The countries of the node's campaign that has reports, with the events of each."""
    (found,) = await node.rows("select distinct c.uuid from campaign c join report r"
                               " on r.campaign_id = c.id")  # fmt: skip
    async with read(node.context.pool, node.analyst) as db:
        page = await campaign_page.page(db, node.analyst, found["uuid"])
    return sorted((each.country, each.events) for each in page.countries)


@pytest.mark.slow
async def test_one_kit_is_one_campaign_on_both_nodes_whoever_saw_it_first(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    event = await shared(si, await seen(si, "SI", SKELETON))
    assert event["kits"]
    assert all(MARK.fullmatch(each) for each in event["kits"])
    assert SKELETON not in str(event)
    await si.work()
    await hr.work()  # the event comes before Croatia has seen the kit: nothing to tie
    assert await hr.rows("select record_id from campaign_member") == []
    incident = await seen(hr, "HR", SKELETON)
    await JOBS["share.kits"](hr.context, {})
    await JOBS["share.kits"](hr.context, {})
    assert await countries(hr) == [("HR", 0), ("SI", 1)]
    await shared(hr, incident)  # Slovenia has it already: tied as the event comes
    await hr.work()
    await si.work()
    assert await countries(si) == [("HR", 1), ("SI", 0)]


@pytest.mark.slow
async def test_another_kit_ties_nothing_and_tells_nothing(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await seen(hr, "HR", "0ther0ther0ther0")
    await shared(si, await seen(si, "SI", SKELETON))
    await si.work()
    await hr.work()
    await JOBS["share.kits"](hr.context, {})
    assert await countries(hr) == [("HR", 0)]
    (kept,) = await hr.rows(
        "select value from observable where type = %s", CODE[ObservableType.KIT_MARK]
    )
    assert SKELETON not in kept["value"]


def test_a_mark_says_something_only_to_who_has_key_kind_and_value() -> None:
    key = key_of(b"membership 1")
    mine = mark(key, 1, "page-skeleton", SKELETON)
    assert mine == mark(key, 1, "page-skeleton", SKELETON)
    others = {mark(key_of(b"membership 2"), 1, "page-skeleton", SKELETON),
              mark(key, 1, "favicon", SKELETON), mark(key, 1, "page-skeleton", "0")}  # fmt: skip
    assert mine not in others
    assert len(others) == 3

"""The whole way: a citizen's report in Slovenia, the sharing gate, a waiting block in Croatia."""

import json
import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pymisp
import pytest

from tests.share.two import Two
from zvon.access.permission import Denied
from zvon.assess.jobs import JOBS as ASSESS
from zvon.collect.jobs import JOBS as COLLECT
from zvon.collect.submit import submit
from zvon.model.event import Event
from zvon.model.report import Channel, Door, Lang, ReportIn
from zvon.model.scope import Scope
from zvon.respond import decide
from zvon.share import event as builder
from zvon.share import export, release
from zvon.store import block
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting

R01 = """(+44 7700 900123) Pošta Slovenije: vašega paketa nismo mogli dostaviti, ker naslov ni popoln. \
Podatke dopolnite do danes ob 18. uri: https://posta-si.dostava-paketa.example/i?t=7F3K9Q
Prijavitelj: Ali je to res? Maja Zupanc, 040 000 111
"""
NAME = "posta-si.dostava-paketa.example"
SECRETS = ("Maja", "Zupanc", "000 111", "40000111", "7F3K9Q")


async def malicious(si: Two) -> UUID:
    """R01 is reported, assessed, and called malicious by the analyst; returns the incident."""
    si.jobs |= {**COLLECT, **ASSESS}
    report = ReportIn(body=R01.encode(), media_type="text/plain; charset=utf-8",
                      channel=Channel.IMESSAGE, door=Door.API, lang=Lang.SL,
                      received_at=si.now)  # fmt: skip
    await submit(si.context.pool, report, now=si.now, random=os.urandom)
    await si.work()
    (found,) = await si.rows("select uuid, version from incident")
    async with transaction(si.context.pool, si.now, viewer=viewer_setting(si.analyst)) as tx:
        await decide.verdict(tx, si.analyst, found["uuid"], "malicious", version=found["version"],
                             reason="checked", now=si.now)  # fmt: skip
    incident: UUID = found["uuid"]
    return incident


async def released(si: Two) -> UUID:
    incident = await malicious(si)
    node = si.context.node
    async with transaction(si.context.pool, si.now, viewer=viewer_setting(si.analyst)) as tx:
        share = await release.prepare(tx, si.analyst, incident, await si.group(), si.now, node)
    hide = {n: "hide" for n, span in enumerate(share.spans) if span["state"] == "ask"}
    async with transaction(si.context.pool, si.now, viewer=viewer_setting(si.boss)) as tx:
        await release.release(tx, si.boss, share.uuid, hide, si.now, node)
    return share.uuid


async def test_a_report_becomes_a_waiting_block_abroad_without_the_victim(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    uuid = await released(si)
    await si.work()
    await hr.work()
    blocks = await hr.rows("select uuid, name, scope, state from block")
    assert [(b["name"], b["state"]) for b in blocks] == [(NAME, "validated")]
    everything = ""
    for table in ("record", "incident", "incident_name", "observable", "feed_entry", "timeline",
                  "verdict", "audit", "edge"):  # fmt: skip
        rows = await hr.rows(f"select to_jsonb(t)::text as row from {table} t")
        everything += "\n".join(r["row"] for r in rows)
    for (body,) in [tuple(r.values()) for r in await hr.rows("select body from feed_entry")]:
        everything += body.decode()
    assert NAME in everything
    for secret in SECRETS:
        assert secret not in everything
    async with transaction(hr.context.pool, hr.now, viewer=viewer_setting(hr.boss)) as tx:
        (approved,) = await block.approve(tx, hr.boss, [blocks[0]["uuid"]], "checked", hr.now)
    assert approved.state.value == "published"
    async with transaction(si.context.pool, si.now, viewer=viewer_setting(si.boss)) as tx:
        await release.revoke(tx, si.boss, uuid, "was a test", si.now, si.context.node)
    await si.work()
    await hr.work()
    assert [b["state"] for b in await hr.rows("select state from block")] == ["lifted"]
    (gone,) = await si.rows("select deleted from record where uuid = %s", uuid)
    assert gone["deleted"]


async def test_a_lift_at_the_origin_travels(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await released(si)
    (incident,) = await si.rows("select uuid from incident")
    async with transaction(si.context.pool, si.now, viewer=viewer_setting(si.analyst)) as tx:
        (own,) = await block.propose(
            tx, si.analyst,
            block.Proposal(names=((NAME, Scope.HOST_SUB),), feed="si", reason="phishing",
                           legal_ground="mandate", expires_at=si.now + timedelta(days=1),
                           incident_uuid=incident["uuid"]),
            si.now, os.urandom,
        )  # fmt: skip
    async with transaction(si.context.pool, si.now, viewer=viewer_setting(si.boss)) as tx:
        await block.approve(tx, si.boss, [own.uuid], "checked", si.now)
    await si.work()
    await hr.work()
    (theirs,) = await hr.rows("select uuid from block")
    async with transaction(hr.context.pool, hr.now, viewer=viewer_setting(hr.boss)) as tx:
        await block.approve(tx, hr.boss, [theirs["uuid"]], "checked", hr.now)
    async with transaction(si.context.pool, si.now, viewer=viewer_setting(si.boss)) as tx:
        await block.lift(tx, si.boss, [own.uuid], "a mistake", si.now)
    await si.work()
    await hr.work()
    assert [b["state"] for b in await hr.rows("select state from block")] == ["lifted"]


async def test_a_released_event_is_misp_json_that_pymisp_loads(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    uuid = await released(si)
    await si.work()
    await hr.work()
    bodies: list[dict[str, Any]] = []
    for node in (si, hr):
        async with read(node.context.pool, node.analyst) as db:
            data = await export.misp(db, node.analyst, uuid)
        event = pymisp.MISPEvent()
        event.load(data)
        assert str(event.uuid) == str(uuid)
        assert event.orgc.name == "csirt-si"
        assert NAME in {a.value for a in event.attributes}
        assert {"tlp:amber", "PAP:GREEN"} <= {t.name for t in event.tags}
        assert not any(secret in data.decode() for secret in SECRETS)
        bodies.append(json.loads(data)["Event"])
    ours, theirs = ([(a["uuid"], a["value"]) for a in b["Attribute"]] for b in bodies)
    assert ours == theirs


async def test_what_was_not_released_cannot_be_exported(si: Two) -> None:
    incident = await malicious(si)
    async with read(si.context.pool, si.analyst) as db:
        for uuid in [incident, *[r["uuid"] for r in await si.rows("select uuid from record")]]:
            with pytest.raises(export.NoEvent):
                await export.misp(db, si.analyst, uuid)
        with pytest.raises(Denied):
            nobody = msgspec.structs.replace(si.analyst, permissions=frozenset())
            await export.misp(db, nobody, incident)


async def test_the_parts_of_an_event_before_the_gate(si: Two) -> None:
    incident = await malicious(si)
    async with read(si.context.pool, "system") as db:
        built = await builder.build(db, incident)
    event = msgspec.convert(built, Event)
    assert event.uuid is None
    assert [n.name for n in event.names] == [NAME]
    assert (event.verdict, event.brand, event.tlp) == ("malicious", "si.posta", 2)
    assert "vašega paketa" in event.parts["message.text"]
    sides = {o.value: o.side for o in event.observables}
    assert sides[NAME] == "attacker"
    assert not any("Z-26" in text for text in event.parts.values())

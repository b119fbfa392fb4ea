"""Secrets of all kinds in incidents, every way out of the node, and a partner who takes it all."""

import json
import os
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import sql

from tests.share.two import Two
from tests.store.world import new_uuid, reported
from zvon.access.viewer import Viewer
from zvon.formats import xarf
from zvon.model.advice import NameAdvice
from zvon.model.disclosure import Door
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.model.query import Role
from zvon.model.scope import Scope
from zvon.privacy.carrier.item import structured_item, text_item
from zvon.privacy.leaktest import Matrix, Planted, planted
from zvon.privacy.leaktest.plant import templates
from zvon.privacy.residue import Original, scan
from zvon.share import export, question, release, review, values
from zvon.share.doors import door_policy
from zvon.share.keys import current_epoch, domain
from zvon.share.ledger import NotReleased, Recipient
from zvon.share.outgoing import key_for_once, release_item, release_text
from zvon.share.outward import OWN
from zvon.share.passage import facts_of, policy_of
from zvon.share.takedown_package import Package, build, parts
from zvon.store import ingest, party
from zvon.store.search import Found
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting

pytestmark = pytest.mark.slow  # two nodes, and every template through every door
GROUP_DOORS = (Door.MISP, Door.TAXII, Door.MAIL, Door.WEBHOOK, Door.FEED, Door.REPORT)
LAID_OUT = frozenset({"text", "misp", "stix", "alert", "table"})
SITE = "posta-si.dostava-paketa.example"


def items() -> list[Planted]:
    """Every template once as a text, and some in the forms that tools exchange."""
    found: dict[tuple[str, str], Planted] = {}
    for item in planted(len(templates()) * 13, 6):
        if item.carrier in LAID_OUT:
            found.setdefault((item.carrier, item.id[:2]), item)
            if item.carrier == "text":
                found[item.id, ""] = item
    return list({item.id: item for item in found.values()}.values())


def secret(item: Planted, kind: str) -> str | None:
    return next((s.text for s in item.secrets if s.kind == kind), None)


async def incident_of(si: Two, item: Planted) -> UUID:
    """An incident of one report that says what the item says; intake knows some of its values."""
    subject, _, text = item.body.decode().partition("\n\n")
    async with transaction(si.context.pool, si.now) as tx:
        home = await party.own(tx.db)
    advice = NameAdvice(name=SITE, scope=Scope.REGISTRABLE_SUB, reason="dedicated")
    found = await reported(si.context.pool, si.now, home, names=(advice,))
    payload = {
        "subject": subject, "text": f"{text}\nhttps://{SITE}/i?e={secret(item, 'EMAIL') or ''}",
        "sender_name": secret(item, "NAME") or "", "remark": f"{text} (dr. {secret(item, 'NAME')})",
        "channel": "mail", "lang": item.lang,
    }  # fmt: skip
    seen = [(ObservableType.DOMAIN, SITE, 1),
            (ObservableType.URL, f"https://{SITE}/i?e={secret(item, 'EMAIL') or ''}", 1)]  # fmt: skip
    for kind, name in ((ObservableType.EMAIL, "EMAIL"), (ObservableType.IPV4, "IP_PRIVATE")):
        if value := secret(item, name):
            seen += [(kind, value, 4)]
    async with transaction(si.context.pool, si.now) as tx:
        await tx.execute(
            "update record set payload = %s::jsonb where id = %s",
            (json.dumps(payload), found.record_id),
        )
        await ingest.occurrences(
            tx, found.record_id,
            [ingest.Sighted(Observable(kind, value), role, si.now) for kind, value, role in seen],
        )  # fmt: skip
    return found.incident_uuid


async def released(si: Two, incident: UUID, group: UUID) -> tuple[UUID, str, dict[str, bytes]]:
    """The incident through review and release, as people do it: what is asked stays here."""

    def seen(who: Viewer) -> Any:
        return transaction(si.context.pool, si.now, viewer=viewer_setting(who))

    node = si.context.node
    async with seen(si.analyst) as tx:
        share = await release.prepare(tx, si.analyst, incident, group, si.now, node)
    while share.open_spans:
        asked = {i: "hide" for i, span in enumerate(share.spans) if span["state"] == "ask"}
        async with seen(si.analyst) as tx:
            share = await review.decide(tx, si.analyst, share.uuid, asked, si.now, node)
    if share.state != "waiting" or share.approver_needed:
        return share.uuid, share.state, {}
    async with seen(si.boss) as tx:
        left = await release.release(tx, si.boss, share.uuid, {}, si.now, node)
    async with seen(si.analyst) as tx:
        misp = await export.misp(tx.db, si.analyst, share.uuid)
    event = json.dumps(left.event, ensure_ascii=False).encode()
    return share.uuid, "released", {"event.json": event, "misp.json": misp}


async def by_group_door(si: Two, item: Planted, door: Door, group: UUID) -> dict[str, bytes]:
    """The files that a door of a standard writes for a member of the group."""
    now, node = si.now, si.context.node
    made = text_item(item.body) if item.kind == "txt" else structured_item(item.body, item.kind)
    try:
        async with transaction(si.context.pool, now) as tx:
            policy = await policy_of(tx.db, group, {"tlp": Tlp.AMBER, "pap": Pap.GREEN})
            keys = await domain(
                tx, group, await current_epoch(tx.db, group, now), node, now, os.urandom
            )
            to = Recipient(door=door, name="slo-cro", subject=item.id, group_uuid=group)
            left = await release_item(
                tx, made, to, now, facts=await facts_of(tx.db, node, now), policy=policy, keys=keys,
                by=si.boss.login,
            )  # fmt: skip
    except NotReleased:
        return {}
    return dict(left.files)


async def by_own_door(si: Two, item: Planted, door: Door) -> dict[str, bytes]:
    """What a provider, the owner of a page or a tool gets: addresses with a victim's value in them."""
    now, mail = si.now, secret(item, "EMAIL") or "x"
    url = f"https://{SITE}/i?e={mail}&n={secret(item, 'NAME') or 'x'}"
    if door is Door.EXPORT:
        rows = ((ObservableType.URL, url, Role.SAID), (ObservableType.DOMAIN, SITE, Role.SAID),
                (ObservableType.EMAIL, mail, Role.REPORTER),
                (ObservableType.IPV4, secret(item, "IP_PRIVATE") or "10.9.8.7", Role.NAMED),
                (ObservableType.HOSTNAME, secret(item, "HOST") or "srv", Role.NAMED))  # fmt: skip
        found = tuple(
            Found(id=n, observable=Observable(kind, value), records=1, more=False, sources=(),
                  first_at=now, last_at=now, tlp=Tlp.AMBER, pap=Pap.GREEN, roles=(role,))
            for n, (kind, value, role) in enumerate(rows)
        )  # fmt: skip
        async with transaction(si.context.pool, now) as tx:
            opened = await values.open_door(tx, si.analyst, "stix", now, si.context.node)
        shown = values.shown(found, await opened.release(found))
        async with transaction(si.context.pool, now) as tx:
            await opened.close(tx)
        return {"values.txt": "\n".join(row.observable.value for row in shown).encode()}
    package = Package(
        number="I-26-000001", contacts=(), reasons=(), node="csirt-si", base="https://si.example",
        made_at=now, content=xarf.Content(category="phishing", url=url, source=SITE, seen_at=now,
                                          description="phishing",
                                          sends_to=f"https://zbiralnik.test/p?u={mail}"),
    )  # fmt: skip
    policy = door_policy(door, [Tlp.AMBER])
    try:
        async with transaction(si.context.pool, now) as tx:
            known = await facts_of(tx.db, si.context.node, now)
            said = await release_text(
                tx, parts(package), Recipient(door=door, name="provider", subject=item.id), now,
                facts=replace(known, attackers=known.attackers | {SITE}), policy=policy,
                keys=key_for_once(policy, os.urandom), by=si.boss.login,
            )  # fmt: skip
    except NotReleased:
        return {}
    desk = xarf.Desk("csirt-si", "abuse@csirt-si.example")
    body = build(package, desk, said, [], report_id=new_uuid(now))
    with ZipFile(BytesIO(body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return {**files, "texts.txt": "\n".join(said.texts.values()).encode()}


def stored(dsn: str, *tables: str) -> str:
    """Every value of a database (or of some tables) as text, read by its owner."""
    with psycopg.connect(dsn) as db:
        names = [row[0] for row in db.execute(
            "select tablename from pg_tables where schemaname = 'public' order by 1")]  # fmt: skip
        return "\n".join(
            text
            for name in names
            if not tables or name in tables
            for row in db.execute(sql.SQL("select * from {}").format(sql.Identifier(name)))
            for value in row
            for text in _texts(value)
        )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif value is not None:
        yield json.dumps(value, ensure_ascii=False, default=str)


async def test_no_secret_leaves_by_any_door_and_none_reaches_the_partner(
    partners: tuple[Two, Two], dsn: str, other_dsn: str
) -> None:
    si, hr = partners
    group, matrix = await si.group(), Matrix()
    everything = items()
    texts = [item for item in everything if item.carrier == "text"]
    shares: dict[str, UUID] = {}
    for item in texts:
        uuid, state, files = await released(si, await incident_of(si, item), group)
        matrix.take(item, Door.PEER.value, state, files)
        if files:
            shares[item.id] = uuid
    for n, item in enumerate(everything):
        door = GROUP_DOORS[n % len(GROUP_DOORS)]
        files = await by_group_door(si, item, door, group)
        matrix.take(item, door.value, "released" if files else "held", files)
    for n, item in enumerate(texts):
        own = sorted(OWN)[n % len(OWN)]
        files = await by_own_door(si, item, own)
        matrix.take(item, own.value, "released" if files else "held", files)
        asked = item.body.decode()
        if hidden := secret(item, "NAME"):
            with pytest.raises(question.NoOrigin):
                async with transaction(si.context.pool, si.now) as tx:
                    await question.ask(
                        tx, si.analyst, group_uuid=group, token="person-0123456789abcdef",
                        question=f"{hidden}: {asked[:200]}", node=si.context.node, now=si.now,
                        random=os.urandom,
                    )  # fmt: skip
    for node in (si, hr, si, hr):
        async with transaction(node.context.pool, node.now) as tx:
            await node.enqueue_poll(tx)
        await node.work()
    leaked = "; ".join(f"{x.door} {x.carrier} {x.item} {x.kind} {x.form}" for x in matrix.leaks)
    assert leaked == ""
    doors = {door for door, status in matrix.outcomes if status == "released"}
    assert doors == {"peer", *(d.value for d in GROUP_DOORS), *(d.value for d in OWN)}
    at_home = {"record", "occurrence", "share", "incident", "observable"}
    planted_all = [Original(s.text, s.kind) for item in everything for s in item.secrets]
    there = stored(other_dsn)
    taken = [item for item in texts if item.id in shares]
    assert len(taken) > len(texts) // 2
    kept = sum(value in there for item in taken for value in item.indicators)
    assert kept > sum(len(item.indicators) for item in taken) * 0.6
    hits = scan(there, planted_all).hits
    # Eight digits in a row stand by chance somewhere in the hashes and times of a whole database.
    assert [hit for hit in hits if hit.form != "digits"] == []
    assert scan(stored(other_dsn, "record", "observable", "incident"), planted_all).hits == ()
    assert (
        scan(stored(dsn, "disclosure", "audit", "feed_entry", "pgqueuer_log"), planted_all).hits
        == ()
    )
    assert scan(stored(dsn, *at_home), planted_all).hits != ()

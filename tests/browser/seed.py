"""A node that has worked for a while: reports, incidents, blocks in every state, proof, a partner."""

import os
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from tests.blocks import proposal
from tests.browser.node import Served
from tests.browser.seed_incidents import Incidents, seed_incidents
from tests.browser.seed_intake import Intake, seed_intake
from tests.browser.seed_phishing import seed_phishing
from tests.browser.seed_playbook import seed_playbooks
from tests.browser.seed_privacy import Privacy, seed_privacy
from tests.justifications import justified
from tests.store.world import new_uuid
from zvon.access import node as identity
from zvon.formats.membership import GroupPolicy
from zvon.formats.receipt import Statement, digest
from zvon.jobs import enqueue
from zvon.model.dns_alert import Cause
from zvon.model.lifecycle import BlockState
from zvon.model.report import Channel
from zvon.model.scope import Scope
from zvon.model.zone import Grade
from zvon.respond import decide
from zvon.respond.fixtures import fixture
from zvon.share import group, release
from zvon.store import (
    appeal,
    block,
    block_proof,
    block_step,
    dns_alert,
    job,
    order,
    party,
    peer,
    person,
    subscriber,
    transparency,
)
from zvon.store.block_row import BlockRow
from zvon.store.receipt import Draft
from zvon.store.receipt import put as put_receipt
from zvon.store.subscriber import Subscriber
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting

OTHERS = (
    "FURS: vracilo davka 214,30 EUR vas caka. Potrdite podatke: https://furs-vracilo.example/si",
    "Vaša kartica NLB je začasno blokirana. Odblokirajte jo: https://nlb-prijava.example/odblok",
)


class Seeded(Struct, frozen=True, kw_only=True):
    """Where the pages of the seeded node are."""

    served: Served
    incident: UUID
    receipt: str
    link: str
    appeal: str
    kit: UUID
    block: UUID
    report: UUID
    campaign: UUID
    intake: Intake
    privacy: Privacy
    playbook: UUID
    work: Incidents


async def incident_of(served: Served) -> UUID:
    """The incident of the parcel, once R01 was reported."""
    (found,) = await served.column("select uuid from incident where brand = 'si.posta'")
    return UUID(str(found))


async def parcel(served: Served) -> str:
    """R01 through the real decoder, enrichment and assessment."""
    return await served.report(fixture("R01").body, channel=Channel.IMESSAGE)


async def seed(served: Served) -> Seeded:
    """Fill the node through the functions that fill it in life."""
    receipt = await parcel(served)
    await parcel(served)
    for text in OTHERS:
        await served.report(text.encode())
    incident = await incident_of(served)
    taking = await subscribers(served)
    block_uuid = await _blocks(served, incident, taking)
    await _appeal_and_order(served)
    await _share(served, incident)
    await _partner(served)
    pool, now, ana = served.context.pool, served.now, served.people["ana"]
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.note(tx, ana, incident, "Poklicala Pošto; tudi oni so jo dobili.", now)
    async with transaction(pool, now) as tx:
        await job.beat(tx, "worker", 4711, now)
        await enqueue(tx, "share.pull", {"peer_id": 1})
        await tx.execute("update pgqueuer set status = 'failed' where entrypoint = 'share.pull'")
    async with transaction(pool, now) as tx:
        _, objection = await appeal.file(
            tx, name="prava-trgovina.example", text="To je naša prava trgovina.", lang="sl",
            now=now, random=os.urandom, key=served.context.node.key,
        )  # fmt: skip
        await transparency.follow(tx, now)
    link = await served.link("avgust")
    [campaign] = await served.column("select uuid from campaign where brand = 'si.posta'")
    playbook = await seed_playbooks(served)
    return Seeded(appeal=objection, served=served, incident=incident, receipt=receipt, link=link,
                  kit=taking[0].uuid, block=block_uuid,
                  report=await seed_phishing(served), campaign=UUID(str(campaign)),
                  intake=await seed_intake(served),
                  privacy=await seed_privacy(served, incident),
                  playbook=playbook,
                  work=await seed_incidents(served, incident, playbook))  # fmt: skip


async def subscribers(served: Served) -> list[Subscriber]:
    """Two resolvers that enforce what the node publishes."""
    made = []
    context, ada = served.context, served.people["ada"]
    key = identity.node_key(context.settings.key_file, os.urandom)
    await justified(context.pool, ada, served.people["bor"], served.now)
    for name, brand in (("ljubljana", "bind"), ("koper", "pdns")):
        async with transaction(context.pool, served.now) as tx:
            one, _ = await subscriber.add(
                tx, ada, name=name, brand=brand, address="192.0.2.53", feeds=("si",),
                notify_address="127.0.0.1:5301", probe_address="127.0.0.1:5302", mode="enforce",
                now=served.now, random=os.urandom, key=key,
            )  # fmt: skip
        made.append(one)
    return made


async def _blocks(served: Served, incident: UUID, taking: list[Subscriber]) -> UUID:
    """Blocks in every state; the one that is enforced everywhere."""
    pool, ana, bor = served.context.pool, served.people["ana"], served.people["bor"]

    async def proposed(name: str) -> list[BlockRow]:
        given = proposal(served.now, f"{name}.example", scope=Scope.HOST_SUB)
        async with transaction(pool, served.now) as tx:
            return await block.propose(tx, ana, given, served.now, os.urandom)

    async def published(name: str) -> list[BlockRow]:
        rows = await proposed(name)
        async with transaction(pool, served.now) as tx:
            return await block.approve(tx, bor, [r.uuid for r in rows], "videno", served.now)

    async def prove(row: BlockRow, by: Subscriber, grade: Grade = Grade.PROBED) -> None:
        assert row.published_at is not None
        seen = Statement(
            block=str(row.uuid), name=row.name, kind="block", subscriber=by.name, prober="node",
            zone="hot.si.zvon", serial=2, approved_at=row.approved_at,
            ordered_at=row.published_at, grade=grade, evidence="policy", control="control.example",
            seen_at=row.published_at + timedelta(milliseconds=312), answer=digest(b"answer"),
        )  # fmt: skip
        draft = Draft(block_id=row.id, block=row.uuid, subscriber_id=by.id,
                              statement=seen, answer=b"answer")  # fmt: skip
        async with transaction(pool, served.now) as tx:
            await put_receipt(tx, [draft], served.context.node.signing.sign, served.now)

    (enforced,) = await published("carina-placilo")
    for one in taking:
        await prove(enforced, one)
    (half,) = await published("paket-dostava")
    await prove(half, taking[0])
    await prove(half, taking[1], Grade.TRANSFERRED)
    (failed,) = await published("e-uprava-prijava")
    (lifted,) = await published("banka-potrditev")
    rejected = await proposed("ni-lazna")
    withdrawn = await proposed("pomota")
    held = await proposed("prevec-naenkrat")
    async with transaction(pool, served.now) as tx:
        await block_proof.fail(tx, failed.id, ["koper"], served.now)
        about = dns_alert.About(Cause.MIN_UPDATE_INTERVAL, taking[0].id, failed.id, "hot.si.zvon")
        await dns_alert.open_(tx, about, {"seconds": 58, "zone": "hot.si.zvon"}, served.now)
        await block.lift(tx, bor, [lifted.uuid], "napačno prijavljeno", served.now)
        await block.reject(tx, bor, [r.uuid for r in rejected], "ime je pravo", served.now)
        await block.withdraw(tx, ana, [r.uuid for r in withdrawn], "pomota", served.now)
        await block_step.move(
            tx, held, BlockState.HELD, actor="ana", action="block:propose", reason="preveč",
            now=served.now, also=", held_rule = %s", params=["brake_batch"],
        )  # fmt: skip
    async with transaction(pool, served.now, viewer=viewer_setting(ana)) as tx:
        given = block.Proposal(
            names=(("dostava-paketa.example", Scope.REGISTRABLE_SUB),), feed="si",
            reason="lažna Pošta", legal_ground="dogovor z naročniki", incident_uuid=incident,
            expires_at=served.now + timedelta(days=14),
        )  # fmt: skip
        await block.propose(tx, ana, given, served.now, os.urandom)
    return enforced.uuid


async def _appeal_and_order(served: Served) -> None:
    context, now, bor = served.context, served.now, served.people["bor"]
    async with transaction(context.pool, now) as tx:
        for name, text in (
            ("paket-dostava.example", "To je naša trgovina. <b>Prosimo</b>, preverite še enkrat."),
            ("nikoli-blokirano.example", "Stran mi ne dela."),
        ):
            await appeal.file(tx, name=name, text=text, contact="janez@trgovina.example", lang="sl",
                              now=now, random=os.urandom, key=context.node.key)  # fmt: skip
        await order.record(
            tx, bor, authority="Okrožno sodišče v Mariboru", reference="III Kpd 114/2026",
            kind="oral", legal_ground="ZKP, 156. člen", received_at=now,
            expires_at=now + timedelta(days=30), now=now, random=os.urandom,
        )  # fmt: skip


async def _share(served: Served, incident: UUID) -> None:
    context, now, ana = served.context, served.now, served.people["ana"]
    async with transaction(context.pool, now) as tx:
        terms = group.Terms(name="slo-cro", policy=GroupPolicy(max_tlp="amber"))
        made = await group.found(tx, terms, context.node, served.url, now, os.urandom)
    async with transaction(context.pool, now, viewer=viewer_setting(ana)) as tx:
        await release.prepare(tx, ana, incident, made.group, now, context.node)


async def _partner(served: Served) -> None:
    async with transaction(served.context.pool, served.now) as tx:
        home = await party.put(
            tx, uuid=new_uuid(served.now), name="CERT.hr", kind="csirt", country="HR"
        )
        account = await person.add(
            tx, uuid=new_uuid(served.now), party_id=home.id, login="peer-hr", name="CERT.hr",
            lang="hr", roles=[], password_hash=None, now=served.now, machine=True,
        )  # fmt: skip
        partner = await peer.put(
            tx, uuid=new_uuid(served.now), party_id=home.id, person_id=account, name="CERT.hr",
            country="HR", url="https://zvon.cert-hr.example:8443", tls_pin=bytes(32),
            signing_key=bytes(32), now=served.now,
        )  # fmt: skip
        await peer.pull_ends(tx, partner, served.now, "connection refused")

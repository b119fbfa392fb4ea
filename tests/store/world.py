"""Rows that tests of the store begin with: an operator, people, reports, a campaign."""

import os
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.model.advice import NameAdvice
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.scope import Scope
from zvon.model.verdict import Category, Reason, Verdict, VerdictWord
from zvon.store import incident, party, person
from zvon.store.ingest import RecordIn, ingest
from zvon.store.party import Party
from zvon.store.transaction import Pool, Tx, transaction


def new_uuid(now: datetime) -> UUID:
    """A fresh identifier."""
    return uuid7(now, os.urandom(RANDOM_BYTES))


async def own_party(pool: Pool, now: datetime) -> Party:
    """The operator, and the shipped roles."""
    async with transaction(pool, now) as tx:
        await person.put_roles(tx, SHIPPED_ROLES)
        return await party.put(
            tx, uuid=new_uuid(now), name="SI-CERT", kind="csirt", country="SI", own=True
        )


async def other_party(pool: Pool, now: datetime, name: str = "Banka") -> Party:
    """An organisation that is not the operator."""
    async with transaction(pool, now) as tx:
        return await party.put(tx, uuid=new_uuid(now), name=name, kind="bank", country="SI")


async def somebody(
    pool: Pool,
    now: datetime,
    home: Party,
    login: str,
    roles: Collection[str] = ("analyst",),
    ceiling: Tlp = Tlp.AMBER_STRICT,
) -> Viewer:
    """A person of `home` as a viewer."""
    async with transaction(pool, now) as tx:
        made = await person.add(
            tx, uuid=new_uuid(now), party_id=home.id, login=login, name=login.title(), lang="sl",
            roles=roles, password_hash=None, now=now, tlp_ceiling=ceiling,
        )  # fmt: skip
        found = await person.viewer(tx.db, made)
    assert found is not None
    return found


class Reported(Struct, frozen=True):
    """A report, its campaign, and the incident that it went into."""

    record_id: int
    uuid: UUID
    campaign_id: int
    incident_id: int
    incident_uuid: UUID


async def campaign(tx: Tx, now: datetime) -> int:
    """An empty campaign."""
    uuid = new_uuid(now)
    row = await (
        await tx.execute(
            "insert into campaign (uuid, number, first_at, last_at) values (%s, %s, %s, %s)"
            " returning id",
            (uuid, f"K-{uuid.hex[-8:]}", now, now),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def report(
    tx: Tx,
    now: datetime,
    home: Party,
    *,
    tlp: Tlp = Tlp.AMBER,
    audience: Sequence[int] = (),
    raw: bytes | None = None,
) -> tuple[int, UUID]:
    """A decoded report: its record id and identifier."""
    uuid = new_uuid(now)
    own = await party.own(tx.db)
    (record_id,) = await ingest(
        tx,
        [RecordIn(uuid=uuid, kind="report", created_at=now, modified_at=now, tlp=tlp,
                  pap=Pap.GREEN, payload={"text": "nujno"}, org_id=own.id, orgc_id=home.id,
                  raw_sha256=raw)],
        now,
    )  # fmt: skip
    for who in audience:
        await tx.execute("insert into record_audience values (%s, %s)", (record_id, who))
    await tx.execute(
        "insert into report (record_id, number, channel, door, lang, token_hash, status,"
        " received_at) values (%s, %s, 'sms', 'form', 'sl', %s, 'decoded', %s)",
        (record_id, f"Z-{uuid.hex[-8:]}", uuid.bytes, now),
    )
    return record_id, uuid


def verdict(probability: float = 0.9, word: VerdictWord = VerdictWord.MALICIOUS) -> Verdict:
    """What a machine might say."""
    return Verdict(
        word=word,
        category=Category.PHISHING,
        probability=probability,
        brand="si.posta",
        reasons=(Reason(code="BRAND_NOT_OFFICIAL", weight=3.0, source="brand"),),
    )


ADVICE = NameAdvice(
    name="posta-si.dostava-paketa.example", scope=Scope.REGISTRABLE_SUB, reason="dedicated"
)


async def reported(
    pool: Pool,
    now: datetime,
    home: Party,
    *,
    campaign_id: int | None = None,
    judged: Verdict | None = None,
    rank: float = 1.0,
    tlp: Tlp = Tlp.AMBER,
    audience: Sequence[int] = (),
    merged: Sequence[int] = (),
    raw: bytes | None = None,
    names: Sequence[NameAdvice] = (ADVICE,),
) -> Reported:
    """A report that was judged and put into the incident of its campaign."""
    async with transaction(pool, now) as tx:
        record_id, uuid = await report(tx, now, home, tlp=tlp, audience=audience, raw=raw)
        joined = campaign_id or await campaign(tx, now)
        await tx.execute(
            "update report set campaign_id = %s where record_id = %s", (joined, record_id)
        )
        await tx.execute(
            "insert into campaign_member values (%s, %s, '[]', %s)", (joined, record_id, now)
        )
        found = await incident.for_campaign(
            tx, campaign_id=joined, report_record_id=record_id, verdict=judged or verdict(),
            title_code="TITLE_PHISHING_BRAND", title_params={"brand": "si.posta"}, names=names,
            rank=rank, rank_reasons=[{"code": "REPORTS", "weight": rank}], now=now, merged=merged,
        )  # fmt: skip
        row = await (
            await tx.execute("select uuid from incident where id = %s", (found,))
        ).fetchone()
    assert row is not None
    return Reported(record_id, uuid, joined, found, row[0])

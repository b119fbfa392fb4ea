"""Campaigns: reports of one operation, joined by the keys that they share.

A document in the sense of log(N/df) is a campaign and not a report, so that a wave does not
devalue its own keys. N counts `BACKGROUND` campaigns more than there are: on a young node a
shared key is as telling as on an old one.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from msgspec import Struct, to_builtins
from psycopg.types.json import Jsonb

from zvon.ml import template as texts
from zvon.model.ids import spoken, uuid7
from zvon.model.observable import Observable, ObservableType
from zvon.store import observable
from zvon.store.ingest import NEAR, Sighted, occurrences
from zvon.store.party import Db
from zvon.store.transaction import Change, Op, Tx

BACKGROUND = 1000
LEAST_STRONG = 3.0  # log-odds-like; one strong key of at most 50 campaigns reaches it
LEAST_MEDIUM = 8.0  # two medium keys of different kinds that few campaigns have
SUPPRESSED = 50  # a key of more campaigns than this is common, not telling


class Key(Struct, frozen=True):
    """A value that links reports. A medium key links only beside one of another kind."""

    observable: Observable
    strong: bool
    code: str


class Link(Struct, frozen=True, kw_only=True):
    """Why a report belongs: the shared key, and how many reports of the campaign have it."""

    code: str
    type: ObservableType
    value: str
    reports: int
    weight: float


class Joined(Struct, frozen=True, kw_only=True):
    """Where a report came to lie. `merged` are campaigns that this report showed to be one."""

    campaign_id: int
    uuid: UUID
    number: str
    links: tuple[Link, ...] = ()
    created: bool = False
    merged: tuple[int, ...] = ()


class Campaign(Struct, frozen=True, kw_only=True):
    """A campaign as it stands."""

    id: int
    uuid: UUID
    number: str
    brand: str | None
    first_at: datetime
    last_at: datetime
    merged_into: int | None
    reports: int


async def join(
    tx: Tx,
    record_id: int,
    keys: Sequence[Key],
    now: datetime,
    *,
    random: bytes,
    brand: str | None = None,
    at: datetime | None = None,
) -> Joined:
    """Put a report into the campaign that its keys point to, or into a new one; idempotent.

    A report that has a campaign keeps it; keys that came late may merge it with others.
    Joins run one after the other (an advisory lock until the caller's commit), so that two
    reports of one wave cannot found two campaigns. `at` is when the report came in.
    """
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('zvon.campaign', 0))")
    held = await _of_record(tx.db, record_id)
    await occurrences(tx, record_id, [Sighted(k.observable, NEAR, at or now) for k in keys])
    known = await observable.ids(tx.db, [key.observable for key in keys])
    found = _linked(keys, known, *await _holders(tx.db, list(known.values())))
    created = held is None and not found
    if held is not None:
        found[held] = ()  # what it shares with its own campaign is told in the member's row
    if created:
        found[await _create(tx, now, random, brand, at or now)] = ()
    chosen = min(found)
    merged = tuple(sorted(set(found) - {chosen}))
    links = found[chosen]
    for other in merged:
        links = _stronger(links, found[other])
        await _merge(tx, other, chosen)
    await _add(tx, chosen, record_id, links, list(known.values()), brand, at or now,
               counted=held is not None)  # fmt: skip
    row = await (
        await tx.execute("select uuid, number from campaign where id = %s", (chosen,))
    ).fetchone()
    assert row is not None
    tx.note(Change(kind="campaign", subject=row[0], op=Op.ADD if created else Op.EDIT))
    return Joined(
        campaign_id=chosen,
        uuid=row[0],
        number=row[1],
        links=links,
        created=created,
        merged=merged,
    )


async def get(db: Db, campaign_id: int) -> Campaign:
    """One campaign. Raises `LookupError`."""
    row = await (
        await db.execute(
            """
            select c.id, c.uuid, c.number, c.brand, c.first_at, c.last_at, c.merged_into,
                   (select count(*) from report r where r.campaign_id = c.id)
            from campaign c where c.id = %s
            """,
            (campaign_id,),
        )
    ).fetchone()
    if row is None:
        raise LookupError(f"no campaign {campaign_id}")
    return Campaign(**dict(zip(Campaign.__struct_fields__, row, strict=True)))


async def by_uuid(db: Db, uuid: UUID) -> Campaign:
    """One campaign by its public id; a merged one leads to where it went. Raises `LookupError`."""
    row = await (await db.execute("select id from campaign where uuid = %s", (uuid,))).fetchone()
    if row is None:
        raise LookupError(f"no campaign {uuid}")
    campaign = await get(db, row[0])
    while campaign.merged_into is not None:
        campaign = await get(db, campaign.merged_into)
    return campaign


async def family(tx: Tx, sketch: texts.Signature) -> str:
    """The name of the template that a text belongs to; a text like no other founds one.

    Call it before `join` in the same transaction: it takes the same lock.
    """
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('zvon.campaign', 0))")
    keys = list(texts.bands(sketch))
    rows = await (
        await tx.execute(
            """
            select distinct t.id, t.name, t.signature from template_band b
            join template t on t.id = b.template_id where b.band = any(%s) order by t.id limit 200
            """,
            (keys,),
        )
    ).fetchall()
    alike = [
        (texts.similarity(sketch, np.frombuffer(stored, dtype="<u4")), -number, name)
        for number, name, stored in rows
    ]
    if alike and max(alike)[0] >= texts.ALIKE:
        return str(max(alike)[2])
    name = texts.name(sketch)
    await tx.execute(
        """
        with t as (insert into template (name, signature) values (%s, %s)
                   on conflict (name) do update set name = excluded.name returning id)
        insert into template_band (band, template_id) select b, t.id from t, unnest(%s::bigint[]) b
        on conflict do nothing
        """,
        (name, sketch.astype("<u4").tobytes(), keys),
    )
    return name


async def _of_record(db: Db, record_id: int) -> int | None:
    row = await (
        await db.execute("select campaign_id from report where record_id = %s", (record_id,))
    ).fetchone()
    return None if row is None else row[0]


async def _holders(db: Db, known: Sequence[int]) -> tuple[int, Mapping[int, list[tuple[int, int]]]]:
    """How many campaigns there are, and for each key the campaigns and reports that have it."""
    row = await (
        await db.execute("select count(*) from campaign where merged_into is null")
    ).fetchone()
    assert row is not None
    holders: dict[int, list[tuple[int, int]]] = {}
    for key, campaign, reports in await (
        await db.execute(
            """
            select k, c.campaign_id, c.reports from unnest(%s::bigint[]) k
            join lateral (select campaign_id, reports from campaign_key
                          where observable_id = k limit %s) c on true
            """,
            (list(known), SUPPRESSED + 1),
        )
    ).fetchall():
        holders.setdefault(key, []).append((campaign, reports))
    return int(row[0]), holders


def _linked(
    keys: Sequence[Key],
    known: Mapping[Observable, int],
    campaigns: int,
    holders: Mapping[int, list[tuple[int, int]]],
) -> dict[int, tuple[Link, ...]]:
    """The campaigns that the keys are enough to link to, each with its links, strongest first."""
    shared: dict[int, list[tuple[Key, Link]]] = {}
    for key in keys:
        held = holders.get(known[key.observable], [])
        if not held or len(held) > SUPPRESSED:
            continue
        weight = round(math.log((campaigns + BACKGROUND) / len(held)), 3)
        for campaign, reports in held:
            link = Link(code=key.code, type=key.observable.type, value=key.observable.value,
                        reports=reports, weight=weight)  # fmt: skip
            shared.setdefault(campaign, []).append((key, link))
    return {
        campaign: _stronger((), tuple(link for _, link in found))
        for campaign, found in shared.items()
        if enough(found)
    }


def enough(found: Sequence[tuple[Key, Link]]) -> bool:
    """One strong key, or medium keys of two kinds, with enough weight together."""
    kinds: dict[str, float] = {}
    for _, link in found:
        kinds[link.code] = max(kinds.get(link.code, 0.0), link.weight)
    total = sum(kinds.values())
    if any(key.strong for key, _ in found):
        return total >= LEAST_STRONG
    return len(kinds) > 1 and total >= LEAST_MEDIUM


def _stronger(left: tuple[Link, ...], right: tuple[Link, ...]) -> tuple[Link, ...]:
    """One link for each kind of key, the one that most reports have."""
    best: dict[str, Link] = {}
    for link in sorted((*left, *right), key=lambda x: (-x.reports, -x.weight, x.value)):
        best.setdefault(link.code, link)
    return tuple(sorted(best.values(), key=lambda x: (-x.weight, x.code)))


async def _create(tx: Tx, now: datetime, random: bytes, brand: str | None, at: datetime) -> int:
    row = await (await tx.execute("select nextval('campaign_number')")).fetchone()
    assert row is not None
    made = await (
        await tx.execute(
            """
            insert into campaign (uuid, number, brand, first_at, last_at)
            values (%s, %s, %s, %s, %s) returning id
            """,
            (uuid7(now, random), spoken("K", now.year, row[0]), brand, at, at),
        )
    ).fetchone()
    assert made is not None
    return int(made[0])


async def _merge(tx: Tx, old: int, new: int) -> None:
    """`old` goes into `new`. Its members stay listed under it, so that it can be taken apart."""
    await tx.execute("update campaign set merged_into = %s where id = %s", (new, old))
    await tx.execute("update report set campaign_id = %s where campaign_id = %s", (new, old))
    await tx.execute(
        """
        with moved as (delete from campaign_key where campaign_id = %(old)s
                       returning observable_id, reports)
        insert into campaign_key (observable_id, campaign_id, reports)
        select observable_id, %(new)s, reports from moved order by observable_id
        on conflict (observable_id, campaign_id)
          do update set reports = campaign_key.reports + excluded.reports
        """,
        {"old": old, "new": new},
    )
    await tx.execute(
        """
        update campaign c set first_at = least(c.first_at, o.first_at),
          last_at = greatest(c.last_at, o.last_at), brand = coalesce(c.brand, o.brand)
        from campaign o where c.id = %s and o.id = %s
        """,
        (new, old),
    )
    row = await (await tx.execute("select uuid from campaign where id = %s", (old,))).fetchone()
    assert row is not None
    tx.note(Change(kind="campaign", subject=row[0], op=Op.EDIT))


async def _add(
    tx: Tx,
    campaign: int,
    record_id: int,
    links: Sequence[Link],
    keys: Sequence[int],
    brand: str | None,
    at: datetime,
    *,
    counted: bool,
) -> None:
    """Write the member, its keys and the campaign's span; `counted`: its keys were counted."""
    await tx.execute(
        """
        insert into campaign_member (campaign_id, record_id, reasons, at) values (%s, %s, %s, %s)
        on conflict (campaign_id, record_id) do update set reasons =
          case when excluded.reasons = '[]' then campaign_member.reasons else excluded.reasons end
        """,
        (campaign, record_id, Jsonb(to_builtins(list(links))), at),
    )
    await tx.execute(
        "update report set campaign_id = %s where record_id = %s", (campaign, record_id)
    )
    await tx.execute(
        """
        insert into campaign_key (observable_id, campaign_id)
        select distinct k, %s::bigint from unnest(%s::bigint[]) k order by k
        on conflict (observable_id, campaign_id)
          do update set reports = campaign_key.reports + %s
        """,
        (campaign, list(keys), 0 if counted else 1),
    )
    await tx.execute(
        """
        update campaign set first_at = least(first_at, %(at)s), last_at = greatest(last_at, %(at)s),
          brand = coalesce(brand, %(brand)s) where id = %(id)s
        """,
        {"at": at, "brand": brand, "id": campaign},
    )

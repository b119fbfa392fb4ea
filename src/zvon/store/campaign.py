"""Campaigns: reports of one operation, joined by the keys that they share.

What belongs together is decided in `store.campaign_board`; here it is read and written.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct, to_builtins
from psycopg.types.json import Jsonb

from zvon.model.ids import spoken, uuid7
from zvon.model.observable import Observable
from zvon.store import campaign_merge, observable
from zvon.store.campaign_around import around, note_common
from zvon.store.campaign_board import SUPPRESSED, Board, Joining, Key, Link, Seat, enough
from zvon.store.ingest import NEAR, Sighted, occurrences_of
from zvon.store.party import Db
from zvon.store.template import families, family, kits
from zvon.store.transaction import Change, Op, Tx, pipeline

__all__ = [
    "SUPPRESSED", "Campaign", "Joined", "Joining", "Key", "Link", "by_uuid", "enough", "families",
    "family", "get", "join", "join_all", "kits", "lock", "note_common", "note_keys",
]  # fmt: skip


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
    """Put a report into the campaign that its keys point to, or into a new one; idempotent."""
    joining = Joining(
        record_id=record_id, keys=tuple(keys), at=at or now, uuid=uuid7(now, random), brand=brand
    )
    await note_keys(tx, [joining])
    return (await join_all(tx, [joining], now))[0]


async def note_keys(tx: Tx, batch: Sequence[Joining]) -> None:
    """Store the values of the keys. Before `lock`: who holds the lock must wait for nobody."""
    await occurrences_of(
        tx, {each.record_id: [Sighted(k.observable, NEAR, each.at) for k in each.keys]
             for each in batch}
    )  # fmt: skip


async def lock(tx: Tx) -> None:
    """Joins run one after the other from here to the caller's commit.

    Otherwise two reports of one wave at the same time would found two campaigns.
    """
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('zvon.campaign', 0))")


async def join_all(tx: Tx, batch: Sequence[Joining], now: datetime) -> list[Joined]:
    """Put reports into campaigns, as if they were joined one after the other; idempotent.

    A report that has a campaign keeps it; keys that came late may merge it with others. Takes
    `lock`; the values of the keys must be stored (`note_keys`).
    """
    if not batch:
        return []
    await lock(tx)
    keys = {key.observable for each in batch for key in each.keys}
    known = await observable.ids(tx.db, list(keys))
    held = await _of_records(tx.db, [each.record_id for each in batch])
    board = Board(known, await around(tx.db, list(known.values())))
    seats = [board.seat(each, held[each.record_id]) for each in batch]
    made = await _create(tx, now, board.founders)
    for old, new, links in board.merges:
        why = " ".join(link.code for link in links)
        await campaign_merge.merge(tx, old, new, now, reason=why)
    return await _add(tx, [board.settled(seat, made) for seat in seats], known, set(made.values()))


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


async def _of_records(db: Db, record_ids: Sequence[int]) -> dict[int, int | None]:
    rows = await db.execute(
        "select record_id, campaign_id from report where record_id = any(%s)", (list(record_ids),)
    )
    return dict.fromkeys(record_ids) | dict(await rows.fetchall())


async def _create(tx: Tx, now: datetime, founders: Mapping[int, Joining]) -> dict[int, int]:
    """Make the campaigns that were founded; the id of each by its stand-in."""
    if not founders:
        return {}
    rows = await (
        await tx.execute(
            "select nextval('campaign_number') from generate_series(1, %s)", (len(founders),)
        )
    ).fetchall()
    made = await tx.execute(
        """
        insert into campaign (uuid, number, brand, first_at, last_at)
        select uuid, number, brand, at, at
        from unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[])
          with ordinality x(uuid, number, brand, at, n) order by n
        returning id, uuid
        """,
        (
            [each.uuid for each in founders.values()],
            [spoken("K", now.year, row[0]) for row in rows],
            [each.brand for each in founders.values()],
            [each.at for each in founders.values()],
        ),
    )
    ids = {uuid: number for number, uuid in await made.fetchall()}
    return {stand_in: ids[each.uuid] for stand_in, each in founders.items()}


async def _add(
    tx: Tx, seats: Sequence[Seat], known: Mapping[Observable, int], created: Collection[int]
) -> list[Joined]:
    """Write the members, their keys and the campaigns' spans."""
    ids = sorted({seat.campaign for seat in seats})
    held = [(seat.joining.record_id, seat.campaign, known[key.observable], key)
            for seat in seats for key in seat.joining.keys]  # fmt: skip
    marks = sorted({(number, key.relation) for _, _, number, key in held if key.relation})
    async with pipeline(tx.db):
        await tx.execute(
            """
            insert into campaign_member (campaign_id, record_id, reasons, at)
            select c, r, reasons, at
            from unnest(%s::bigint[], %s::bigint[], %s::jsonb[], %s::timestamptz[])
              x(c, r, reasons, at)
            on conflict (campaign_id, record_id) do update set reasons =
              case when excluded.reasons = '[]' then campaign_member.reasons
                   else excluded.reasons end
            """,
            (
                [seat.campaign for seat in seats],
                [seat.joining.record_id for seat in seats],
                [Jsonb(to_builtins(list(seat.links))) for seat in seats],
                [seat.joining.at for seat in seats],
            ),
        )
        await tx.execute(
            """
            update report r set campaign_id = x.c from unnest(%s::bigint[], %s::bigint[]) x(id, c)
            where r.record_id = x.id
            """,
            ([seat.joining.record_id for seat in seats], [seat.campaign for seat in seats]),
        )
        await tx.execute(
            """
            with given as (
              select distinct on (r, k) r, c, k, code, strong
              from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bool[])
                x(r, c, k, code, strong) order by r, k),
            fresh as (
              insert into report_key (record_id, observable_id, code, strong)
              select r, k, code, strong from given order by r, k
              on conflict do nothing returning record_id, observable_id)
            insert into campaign_key (observable_id, campaign_id, reports)
            select g.k, g.c, count(*) from fresh f
            join given g on g.r = f.record_id and g.k = f.observable_id
            group by g.k, g.c order by g.k, g.c
            on conflict (observable_id, campaign_id)
              do update set reports = campaign_key.reports + excluded.reports
            """,
            (
                [record_id for record_id, _, _, _ in held],
                [campaign for _, campaign, _, _ in held],
                [number for _, _, number, _ in held],
                [key.code for _, _, _, key in held],
                [key.strong for _, _, _, key in held],
            ),
        )
        await tx.execute(
            """
            insert into campaign_key_seen (observable_id, relation)
            select k, r from unnest(%s::bigint[], %s::text[]) x(k, r) on conflict do nothing
            """,
            ([number for number, _ in marks], [relation for _, relation in marks]),
        )
        rows = await tx.execute(
            """
            update campaign c set first_at = least(c.first_at, x.first),
              last_at = greatest(c.last_at, x.last), brand = coalesce(c.brand, x.brand)
            from unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::text[])
              x(id, first, last, brand)
            where c.id = x.id returning c.id, c.uuid, c.number
            """,
            (
                ids,
                [min(s.joining.at for s in seats if s.campaign == each) for each in ids],
                [max(s.joining.at for s in seats if s.campaign == each) for each in ids],
                [next((s.joining.brand for s in seats
                       if s.campaign == each and s.joining.brand), None) for each in ids],
            ),
        )  # fmt: skip
        spoken_of = {row[0]: (row[1], row[2]) for row in await rows.fetchall()}
    tx.note(
        *(Change(kind="campaign", subject=spoken_of[each][0],
                 op=Op.ADD if each in created else Op.EDIT) for each in ids)
    )  # fmt: skip
    return [
        Joined(
            campaign_id=seat.campaign,
            uuid=spoken_of[seat.campaign][0],
            number=spoken_of[seat.campaign][1],
            links=seat.links,
            created=seat.created,
            merged=seat.merged,
        )
        for seat in seats
    ]

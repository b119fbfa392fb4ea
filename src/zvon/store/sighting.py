"""Where values were seen in this node, as far as the reader may see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import dict_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import TYPE, Observable
from zvon.model.query import Role
from zvon.store.ingest import SAID
from zvon.store.observable import COMMON, code_of, digest
from zvon.store.party import Db


class Sighting(Struct, frozen=True, kw_only=True):
    """A source that named a value: in how many records (capped), when, and whether as bad."""

    source: str
    records: int
    first: datetime
    last: datetime
    accused: int


async def of_values(db: Db, values: Sequence[Observable]) -> Mapping[Observable, list[Sighting]]:
    """The sources of each value, most records first; of a common value the newest records count."""
    rows = await (
        await db.execute(
            """
            select o.type, o.value, coalesce(s.name, ''), count(*), min(c.seen_at),
                   max(c.seen_at), count(*) filter (where c.role = %(said)s)
            from observable o
            join lateral (select record_id, seen_at, role from occurrence
                          where observable_id = o.id
                          order by record_id desc limit %(most)s) c on true
            join record r on r.id = c.record_id and not r.deleted
            left join source s on s.id = r.source_id
            where o.digest = any (%(digests)s)
            group by o.type, o.value, s.name order by count(*) desc, s.name
            """,
            {"digests": _digests(values), "most": COMMON * 5, "said": SAID},
        )
    ).fetchall()
    found: dict[Observable, list[Sighting]] = {}
    for kind, value, source, records, first, last, accused in rows:
        found.setdefault(Observable(TYPE[kind], value), []).append(
            Sighting(source=source, records=records, first=first, last=last, accused=accused)
        )
    return found


async def least_pap(db: Db, values: Sequence[Observable]) -> Mapping[Observable, Pap]:
    """The most permissive PAP among the records of each value; values in no record are left out."""
    rows = await (
        await db.execute(
            """
            select o.type, o.value, min(r.pap) from observable o
            join lateral (select record_id from occurrence where observable_id = o.id
                          limit %s) c on true
            join record r on r.id = c.record_id and not r.deleted
            where o.digest = any (%s) group by o.type, o.value
            """,
            (COMMON * 5, _digests(values)),
        )
    ).fetchall()
    return {Observable(TYPE[kind], value): Pap(pap) for kind, value, pap in rows}


def _digests(values: Sequence[Observable]) -> list[bytes]:
    return [digest(code_of(v), v.value.encode()) for v in values]


class RecordSeen(Struct, frozen=True, kw_only=True):
    """A record that names a value: what it is, who sent it, and how the value stands in it."""

    uuid: UUID
    kind: str
    title: str
    source: str
    at: datetime
    tlp: Tlp
    roles: tuple[Role, ...]


async def records_of(
    db: Db, viewer: Viewer, value: Observable, limit: int = 50
) -> list[RecordSeen]:
    """The newest records that name a value, as far as the reader may see. Raises `Denied`."""
    viewer.require(Permission.SEARCH_READ)
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            select r.uuid, r.kind, coalesce(s.name, '') as source, r.created_at as at, r.tlp,
                   left(coalesce(nullif(r.payload->>'title', ''), nullif(r.payload->>'subject', ''),
                                 r.payload->>'text', r.payload->>'position', ''), 200) as title,
                   array_agg(distinct c.role) as roles
            from observable o
            join lateral (select record_id, role from occurrence where observable_id = o.id
                          order by record_id desc limit %s) c on true
            join record r on r.id = c.record_id and not r.deleted
            left join source s on s.id = r.source_id
            where o.digest = %s
            group by r.id, s.name order by r.id desc limit %s
            """,
            (limit * 4, digest(code_of(value), value.value.encode()), limit),
        )
        return [
            RecordSeen(**{**row, "tlp": Tlp(row["tlp"]), "roles": roles_of(row["roles"])})
            for row in await cursor.fetchall()
        ]


def roles_of(codes: Sequence[int]) -> tuple[Role, ...]:
    """The words of the role codes of occurrences."""
    words = tuple(Role)
    return tuple(words[code - 1] for code in sorted(codes))

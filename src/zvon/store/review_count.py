"""How well people agree, and how much each has to do: measures, and no ranking."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.rate import Kappa, kappa
from zvon.store.party import Db

MOST_PAIRS = 100_000


class ByCategory(Struct, frozen=True, kw_only=True):
    """Agreement of the first two people on incidents of one category; empty: of all."""

    category: str
    kappa: Kappa


class Load(Struct, frozen=True, kw_only=True):
    """What one person decided since a moment, and owns that is not done."""

    name: str
    decisions: int
    opinions: int
    undone: int
    open: int


async def agreement(db: Db, viewer: Viewer, since: datetime) -> list[ByCategory]:
    """Cohen's kappa of first and second opinions since a moment: of all, then by category.

    Only reviews count where the second person did not have to agree for something to happen:
    samples, which are blind, and second opinions.
    """
    viewer.require(Permission.REVIEW_READ)
    rows = await (
        await db.execute(
            """
            select coalesce(i.category, ''), a.word, b.word
            from review v join incident i on i.id = v.incident_id
            join opinion a on a.review_id = v.id and a.place = 1
            join opinion b on b.review_id = v.id and b.place = 2
            where v.kind <> 'required' and b.at >= %s order by v.id desc limit %s
            """,
            (since, MOST_PAIRS),
        )
    ).fetchall()
    pairs: dict[str, list[tuple[str, str]]] = {"": []}
    for category, first, second in rows:
        pairs[""].append((first, second))
        if category:
            pairs.setdefault(category, []).append((first, second))
    return [ByCategory(category=c, kappa=kappa(found)) for c, found in sorted(pairs.items())]


async def load(db: Db, viewer: Viewer, since: datetime) -> list[Load]:
    """What people decided since a moment, by name; whoever settles nothing sees only their own."""
    viewer.require(Permission.REVIEW_READ)
    everybody = viewer.may(Permission.INCIDENT_SETTLE)
    params: dict[str, Any] = {"since": since, "who": None if everybody else viewer.person_id}
    async with db.cursor(row_factory=class_row(Load)) as cursor:
        await cursor.execute(
            """
            select p.name,
                   (select count(*) from incident_decision d
                    where d.person_id = p.id and d.at >= %(since)s) as decisions,
                   (select count(*) from opinion o
                    where o.person_id = p.id and o.place > 1 and o.at >= %(since)s) as opinions,
                   (select count(*) from incident_decision d
                    where d.person_id = p.id and d.undone_at >= %(since)s) as undone,
                   (select count(*) from incident i where i.owner_id = p.id
                    and i.state in ('new', 'triage', 'open', 'contained', 'on_hold')) as open
            from person p
            where not p.machine and p.id = coalesce(%(who)s::bigint, p.id) and (
              p.id = %(who)s::bigint
              or exists (select from incident_decision d where d.person_id = p.id
                         and d.at >= %(since)s)
              or exists (select from incident i where i.owner_id = p.id
                         and i.state in ('new', 'triage', 'open', 'contained', 'on_hold')))
            order by p.name, p.id limit 500
            """,
            params,
        )
        return await cursor.fetchall()

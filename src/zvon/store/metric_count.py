"""How much of what there was in a period, and how it divides."""

from collections.abc import Mapping
from enum import StrEnum
from typing import LiteralString

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.metric import CHOSEN, Wanted, chosen
from zvon.store.party import Db


class Counts(Struct, frozen=True, kw_only=True):
    """How much of what in the period; `decided_by_people` of `incidents`."""

    incidents: int
    reports: int
    alerts: int
    decided: int
    decided_by_people: int
    undone: int
    blocks: int
    lifted_early: int
    shares: int
    answered: int
    answered_by_machine: int


async def counts(db: Db, viewer: Viewer, wanted: Wanted) -> Counts:
    """How much of what in the period. Raises `Denied`."""
    viewer.require(Permission.METRIC_READ)
    async with db.cursor(row_factory=class_row(Counts)) as cursor:
        await cursor.execute(_COUNTS.replace("{chosen}", CHOSEN), chosen(wanted))
        found = await cursor.fetchone()
    assert found is not None
    return found


_COUNTS: LiteralString = """
with {chosen}
select count(*) as incidents, coalesce(sum(c.report_count), 0)::bigint as reports,
       coalesce(sum(c.alert_count), 0)::bigint as alerts,
       count(*) filter (where c.state in ('resolved', 'closed', 'rejected')) as decided,
       count(*) filter (where c.verdict_by is not null or exists (
         select from incident_decision d where d.incident_id = c.id and d.undone_at is null))
         as decided_by_people,
       (select count(*) from incident_decision d join chosen x on x.id = d.incident_id
        where d.undone_at is not null) as undone,
       (select count(*) from block b join chosen x on x.id = b.incident_id
        where b.published_at is not null) as blocks,
       (select count(*) from block b join chosen x on x.id = b.incident_id
        where b.published_at is not null and b.lifted_at < b.expires_at) as lifted_early,
       (select count(*) from share s join chosen x on x.id = s.incident_id
        where s.released_at is not null) as shares,
       (select count(*) from report p join chosen x on x.id = p.incident_id
        where p.answered_at is not null) as answered,
       (select count(*) from report p join chosen x on x.id = p.incident_id
        where p.answered_at is not null and not exists (
          select from incident_decision d where d.incident_id = x.id and d.at <= p.answered_at))
         as answered_by_machine
from chosen c
"""


class Part(Struct, frozen=True, kw_only=True):
    """How many incidents of the period have one value of a facet."""

    value: str
    incidents: int
    reports: int


class Facet(StrEnum):
    """By what the incidents of a period are divided."""

    SOURCE_KIND = "source_kind"
    CATEGORY = "category"
    BRAND = "brand"
    RSIT = "rsit"
    COUNTRY = "country"
    STATE = "state"


_FACETS: Mapping[Facet, LiteralString] = {
    Facet.SOURCE_KIND: "i.source_kind",
    Facet.CATEGORY: "i.category",
    Facet.BRAND: "i.brand",
    Facet.RSIT: "i.rsit",
    Facet.COUNTRY: "(select y.country from record r join party y on y.id = r.orgc_id"
    " where r.id = i.record_id)",
    Facet.STATE: "i.state",
}


_DIVIDED: LiteralString = """
with {chosen}
select coalesce({by}, '') as value, count(*) as incidents,
       coalesce(sum(i.report_count), 0)::bigint as reports
from chosen c join incident i on i.id = c.id
group by 1 order by 2 desc, 1 limit %(limit)s
"""


async def divided(
    db: Db, viewer: Viewer, facet: Facet, wanted: Wanted, *, limit: int = 50
) -> list[Part]:
    """Incidents and reports by a facet, most first; what has no value is `""`. Raises `Denied`."""
    viewer.require(Permission.METRIC_READ)
    async with db.cursor(row_factory=class_row(Part)) as cursor:
        await cursor.execute(
            _DIVIDED.replace("{chosen}", CHOSEN).replace("{by}", _FACETS[facet]),
            {**chosen(wanted), "limit": limit},
        )
        return await cursor.fetchall()

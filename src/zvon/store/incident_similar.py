"""Past incidents that share something rare with this one, and what they were."""

import math
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db

HUB = 50  # a value on more records than this tells nothing
MOST_VALUES = 30
MOST_RECORDS = 400

_SHARED: LiteralString = """
with mine as (
  (select record_id from report where incident_id = %(id)s order by record_id desc limit %(records)s)
  union
  (select unnest(array[g.first_record, g.worst_record]) from alert_group g
   where g.incident_id = %(id)s order by 1 desc limit %(records)s)),
said as (
  select distinct o.observable_id from occurrence o join mine m using (record_id) where o.role = 1),
rare as (
  select observable_id, df from (
    select s.observable_id, (select count(*) from (
      select from occurrence o where o.observable_id = s.observable_id and o.role = 1
      limit %(hub)s + 1) x) as df
    from said s limit 2000) y
  where df between 2 and %(hub)s order by df limit %(values)s),
placed as (
  select r.observable_id, r.df, coalesce(p.incident_id, g.incident_id) as incident_id
  from rare r join occurrence o on o.observable_id = r.observable_id and o.role = 1
  left join report p on p.record_id = o.record_id
  left join alert a on a.record_id = o.record_id
  left join alert_group g on g.id = a.group_id
  where coalesce(p.incident_id, g.incident_id) is not null),
shared as (
  select distinct v.incident_id, b.value as what, v.df
  from placed v join observable b on b.id = v.observable_id
  union
  select n.incident_id, n.name, 2 from incident_name own join incident_name n using (name)
  where own.incident_id = %(id)s)
select i.id, i.uuid, i.number, i.title, i.title_params, i.state, i.verdict, i.alert_verdict,
       i.rsit, i.last_at, array_agg(s.what order by s.df, s.what), array_agg(s.df order by s.df, s.what)
from shared s join incident i on i.id = s.incident_id
join incident own on own.id = %(id)s
where i.id <> own.id and i.state <> 'merged'
  and (not %(narrow)s or i.tlp <= own.tlp and (i.orgc_id = own.orgc_id or i.tlp <= 1))
group by i.id
"""


class Similar(Struct, frozen=True, kw_only=True):
    """A past incident; `shared` are the rarest values that both have, `score` how much they say.

    `score` is Σ ln(50 / df) over the shared values, df being the records that have the value.
    """

    id: int
    uuid: UUID
    number: str
    title: str
    title_params: dict[str, str | int]
    state: str
    verdict: str | None
    alert_verdict: str | None
    rsit: str | None
    last_at: datetime
    shared: list[str]
    score: float

    @property
    def said(self) -> str | None:
        """What people said it was: its own verdict, else that of its reports."""
        return self.alert_verdict or self.verdict


async def similar(db: Db, viewer: Viewer, incident_id: int, *, limit: int = 5) -> list[Similar]:
    """The likest incidents that the viewer may see, best first. Raises `Denied`."""
    viewer.require(Permission.INCIDENT_READ)
    return await _similar(db, incident_id, limit=limit, narrow=False)


async def for_suggestion(db: Db, incident_id: int, *, limit: int = 20) -> list[Similar]:
    """The likest incidents that everybody may see who sees this one; for what machines suggest."""
    return await _similar(db, incident_id, limit=limit, narrow=True)


async def _similar(db: Db, incident_id: int, *, limit: int, narrow: bool) -> list[Similar]:
    rows = await (
        await db.execute(
            _SHARED,
            {"id": incident_id, "hub": HUB, "values": MOST_VALUES, "records": MOST_RECORDS,
             "narrow": narrow},
        )
    ).fetchall()  # fmt: skip
    found = [
        Similar(
            id=row[0], uuid=row[1], number=row[2], title=row[3], title_params=row[4], state=row[5],
            verdict=row[6], alert_verdict=row[7], rsit=row[8], last_at=row[9],
            shared=list(row[10][:3]), score=sum(math.log(HUB / df) for df in row[11]),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda each: (-each.score, -each.id))[:limit]

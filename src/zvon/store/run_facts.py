"""What a run knows of its incident before its first step, now or as it was at an earlier moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from zvon.model.marking import Tlp
from zvon.model.observable import CODE, ObservableType
from zvon.store.party import Db

MOST_NAMES = 200
_ADDRESSES = [CODE[ObservableType.IPV4], CODE[ObservableType.IPV6]]


class NoIncident(LookupError):
    """There is no such incident, or the viewer may not see it."""

    def __init__(self, uuid: object) -> None:
        super().__init__(f"there is no incident {uuid}")


async def facts(db: Db, incident: UUID, as_of: datetime | None = None) -> dict[str, Any]:
    """The variables of `model.playbook_action.GIVEN`. Raises `NoIncident`.

    With `as_of` they are what was known then: the category and the verdict by the judgements that
    stood, reports by when they came, names by when the first report with them came; what has no
    time of its own (brand, severity, a name of no report) is as it is.
    """
    row = await (
        await db.execute(
            """
            select i.id, i.uuid, i.number, i.title, i.brand, i.severity, i.tlp, y.country,
                   i.alert_count, coalesce(v.category, i.category), coalesce(v.word, i.verdict),
                   coalesce(v.probability, i.probability),
                   case when %(at)s::timestamptz is null then i.report_count else
                     (select count(*) from report p where p.incident_id = i.id
                      and p.received_at <= %(at)s) end
            from incident i join party y on y.id = i.orgc_id
              left join lateral (
                select v.category, v.word, v.probability from verdict v
                where %(at)s::timestamptz is not null and v.at <= %(at)s
                  and (v.incident_id = i.id or v.record_id in (
                    select p.record_id from report p where p.incident_id = i.id))
                order by v.at desc, v.id desc limit 1) v on true
            where i.uuid = %(uuid)s
            """,
            {"uuid": incident, "at": as_of},
        )
    ).fetchone()
    if row is None:
        raise NoIncident(incident)
    names = await _names(db, int(row[0]), as_of)
    return {
        "__incident__": str(row[1]), "__number__": row[2], "__title__": row[3],
        "__brand__": row[4] or "", "__severity__": int(row[5]),
        "__tlp__": Tlp(row[6]).name.lower().replace("_", "+"), "__country__": row[7],
        "__alerts__": int(row[8]), "__category__": row[9] or "", "__verdict__": row[10] or "",
        "__score__": float(row[11] or 0.0), "__reports__": int(row[12]),
        "__names__": names, "__addresses__": await _addresses(db, int(row[0]), as_of),
    }  # fmt: skip


async def _names(db: Db, incident_id: int, as_of: datetime | None) -> list[str]:
    cursor = await db.execute(
        """
        select n.name from incident_name n
        where n.incident_id = %(id)s and n.action <> 'none'
          and coalesce((
            select min(p.received_at) <= %(at)s::timestamptz
            from report p join occurrence c on c.record_id = p.record_id
              join observable o on o.id = c.observable_id
            where %(at)s::timestamptz is not null and p.incident_id = %(id)s
              and position(n.name in o.value) > 0), true)
        order by n.reports desc, n.name limit %(most)s
        """,
        {"id": incident_id, "at": as_of, "most": MOST_NAMES},
    )
    return [row[0] for row in await cursor.fetchall()]


async def _addresses(db: Db, incident_id: int, as_of: datetime | None) -> list[str]:
    cursor = await db.execute(
        """
        select host(o.value::inet) from report p
          join occurrence c on c.record_id = p.record_id
          join observable o on o.id = c.observable_id
        where p.incident_id = %(id)s and o.type = any(%(types)s)
          and (%(at)s::timestamptz is null or p.received_at <= %(at)s)
        union
        -- Of alerts only who did it: the machine that they are about is ours.
        select host(zvon_inet(g.actor)) from alert_group g
        where g.incident_id = %(id)s and zvon_inet(g.actor) is not null
          and (%(at)s::timestamptz is null or g.first_at <= %(at)s)
        order by 1 limit %(most)s
        """,
        {"id": incident_id, "at": as_of, "types": _ADDRESSES, "most": MOST_NAMES},
    )
    return [row[0] for row in await cursor.fetchall()]

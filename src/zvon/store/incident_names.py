"""The names of an incident, and what we advise to do about each."""

from collections import Counter
from collections.abc import Sequence

from zvon.model.advice import READ_OFF_PICTURE, NameAdvice
from zvon.model.scope import Scope
from zvon.store.transaction import Tx

WITH_BELOW = frozenset({Scope.HOST_SUB, Scope.REGISTRABLE_SUB})


async def put(tx: Tx, incident_id: int, names: Sequence[NameAdvice], *, count: bool) -> None:
    """Add what was advised; `count` when it comes from a report not counted before."""
    await put_all(tx, incident_id, [(names, count)])


async def put_all(
    tx: Tx, incident_id: int, advised: Sequence[tuple[Sequence[NameAdvice], bool]]
) -> None:
    """Add the advice of many reports; of one name the last counts. Like `put` for each."""
    reports: Counter[str] = Counter()
    latest: dict[str, NameAdvice] = {}
    for names, count in advised:
        for n in _uncovered(names):
            reports[n.name] += int(count)
            latest[n.name] = n
    if not latest:
        return
    rows = [latest[name] for name in sorted(latest)]
    known = await tx.execute(
        """
        with given as (
          select * from unnest(%(names)s::text[], %(scopes)s::text[], %(reasons)s::text[],
                               %(urls)s::text[], %(actions)s::text[], %(reports)s::int[])
            x(name, scope, reason, url, action, reports)),
        same as (
          select count(*) as n from incident_name k join given using (name, scope, action)
          where k.incident_id = %(id)s),
        added as (
          insert into incident_name (incident_id, name, scope, reason, url, action, reports)
          select %(id)s, name, scope, reason, url, action, reports from given order by name
          on conflict (incident_id, name) do update set scope = excluded.scope,
            reason = excluded.reason, action = excluded.action,
            url = coalesce(incident_name.url, excluded.url),
            reports = incident_name.reports + excluded.reports)
        select n from same
        """,
        {
            "id": incident_id,
            "names": [n.name for n in rows],
            "scopes": [n.scope.value for n in rows],
            "reasons": [n.reason for n in rows],
            "urls": [n.url for n in rows],
            "actions": [n.action.value for n in rows],
            "reports": [reports[n.name] for n in rows],
        },
    )
    found = await known.fetchone()
    if found is None or found[0] < len(rows):
        await fold(tx, incident_id)
    await summarise(tx, incident_id)


def _uncovered(names: Sequence[NameAdvice]) -> list[NameAdvice]:
    """The names without those that a wider one of the same advice blocks too."""
    once = list({n.name: n for n in names}.values())
    return [
        n
        for n in once
        if n.scope == Scope.NONE
        or not any(
            w.scope in WITH_BELOW and w.action == n.action and n.name.endswith("." + w.name)
            for w in once
        )
    ]


async def fold(tx: Tx, incident_id: int) -> None:
    """Fold each name into the widest one that a block of would cover it, with its reports.

    A name that waited to be confirmed goes when one that covers it is advised.
    """
    await tx.execute(
        """
        delete from incident_name n using incident_name w
        where n.incident_id = %(id)s and w.incident_id = n.incident_id and n.reason = %(waits)s
          and w.scope <> 'none' and right('.' || n.name, length(w.name) + 1) = '.' || w.name
        """,
        {"id": incident_id, "waits": READ_OFF_PICTURE},
    )
    await tx.execute(
        """
        with covered as (
          select n.name, n.reports, w.name as wide from incident_name n
          join lateral (select name from incident_name w
            where w.incident_id = n.incident_id and w.action = n.action
              and w.scope in ('host_sub', 'registrable_sub')
              and right(n.name, length(w.name) + 1) = '.' || w.name
            order by length(w.name) limit 1) w on true
          where n.incident_id = %(id)s and n.scope <> 'none'),
        gone as (delete from incident_name n using covered c
                 where n.incident_id = %(id)s and n.name = c.name)
        update incident_name n set reports = n.reports + c.reports
        from (select wide, sum(reports) as reports from covered group by wide) c
        where n.incident_id = %(id)s and n.name = c.wide
        """,
        {"id": incident_id},
    )


async def summarise(tx: Tx, incident_id: int) -> None:
    """Write the names of most reports, and how many there are, where the queue reads them."""
    await tx.execute(
        """
        update incident i set
          names = array(select name from incident_name where incident_id = %(id)s
                        order by reports desc, name limit 3),
          name_count = (select count(*) from incident_name where incident_id = %(id)s)
        where i.id = %(id)s
        """,
        {"id": incident_id},
    )

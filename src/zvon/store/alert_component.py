"""Which groups hang together, made anew from the links that live, for the part that a step touched."""

from collections.abc import Collection, Sequence

from zvon.ml.correlate.forest import components
from zvon.ml.correlate.policy import shipped
from zvon.store import alert_realm
from zvon.store.transaction import Tx

_LIVE = """
select least(g.episode, h.episode), greatest(g.episode, h.episode)
from {table} x join alert_group g on g.id = x.a join alert_group h on h.id = x.b
where x.undone_at is null {joins} and g.realm_id = %(realm)s and h.realm_id = %(realm)s
  and (g.episode = any(%(episodes)s) or h.episode = any(%(episodes)s))
order by x.{order}
"""


async def rebuild(tx: Tx, group_ids: Collection[int]) -> None:
    """Compute the components that these groups lie in once more, and have memories follow."""
    rows = await tx.execute(
        """
        select distinct g.realm_id, h.episode, h.component from alert_group g
        join alert_group h on h.realm_id = g.realm_id and h.component = g.component
        where g.id = any(%s)
        """,
        (sorted(group_ids),),
    )
    realms: dict[int, dict[int, int]] = {}
    for realm_id, episode, component in await rows.fetchall():
        realms.setdefault(realm_id, {})[episode] = component
    for realm_id, before in sorted(realms.items()):
        after = await _components(tx, realm_id, sorted(before))
        moved = {e: c for e, c in after.items() if before[e] != c}
        await tx.execute(
            """
            update alert_group g set component = x.component
            from unnest(%s::bigint[], %s::bigint[]) x(episode, component)
            where g.realm_id = %s and g.episode = x.episode
            """,
            (list(moved), list(moved.values()), realm_id),
        )
    await alert_realm.changed(tx, list(realms))


async def without(tx: Tx, incident_id: int, link: int, a: int, b: int) -> list[int]:
    """The groups of an incident that no longer hang together with its first one when a link goes.

    None when other links, or a person's word, still hold `a` and `b` together.
    """
    held = await (
        await tx.execute("select id from alert_group where incident_id = %s", (incident_id,))
    ).fetchall()
    groups = sorted(int(row[0]) for row in held)
    rows = await (
        await tx.execute(
            """
            select a, b from alert_link where undone_at is null and kind <> 'related'
              and id <> %(link)s and a = any(%(groups)s) and b = any(%(groups)s)
            union
            select a, b from alert_together where undone_at is null
              and a = any(%(groups)s) and b = any(%(groups)s)
            """,
            {"link": link, "groups": groups},
        )
    ).fetchall()
    piece = pieces(groups, [(int(x), int(y)) for x, y in rows])
    if piece[a] == piece[b]:
        return []
    first = piece[groups[0]]
    leaving = piece[b] if piece[a] == first else piece[a]
    return [group for group in groups if piece[group] == leaving]


def pieces(groups: Sequence[int], links: Sequence[tuple[int, int]]) -> dict[int, int]:
    """The piece that each group lies in by these links alone, named by its smallest group."""
    return components(groups, (), (), links, len(groups) + 1)


async def _components(tx: Tx, realm_id: int, episodes: Sequence[int]) -> dict[int, int]:
    known = set(episodes)

    async def live(table: str, order: str) -> list[tuple[int, int]]:
        joins = "and x.kind <> 'related'" if table == "alert_link" else ""
        query = _LIVE.replace("{table}", table).replace("{order}", order).replace("{joins}", joins)
        rows = await tx.db.execute(query.encode(), {"realm": realm_id, "episodes": list(episodes)})
        return [(a, b) for a, b in await rows.fetchall() if a in known and b in known and a != b]

    return components(
        episodes, await live("alert_link", "id"), await live("alert_apart", "step_id"),
        await live("alert_together", "step_id"), shipped().incident.max_groups,
    )  # fmt: skip

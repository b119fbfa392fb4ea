"""Where groups lie now: by component, by episode."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from zvon.store.transaction import Tx


class Lying(Struct, frozen=True, gc=False):
    """A group of a component, and the incident that it is of."""

    id: int
    incident_id: int | None


class Recent(Struct, frozen=True, gc=False):
    """A novel group as triage sees it."""

    incident_id: int | None
    signature: str
    title: str
    host: str
    hours: int
    signature_hours: int
    last_at: datetime


async def recent(tx: Tx, realm_id: int, since: datetime, most: int) -> list[Recent]:
    """The novel groups of a realm that were seen since then, the latest `most`, oldest first."""
    rows = await tx.execute(
        """
        select incident_id, signature, title, host, hours, signature_hours, last_at
        from alert_group where realm_id = %s and novel and last_at >= %s
        order by last_at desc, id desc limit %s
        """,
        (realm_id, since, most),
    )
    return [Recent(*row) for row in reversed(await rows.fetchall())]


async def put_triage(tx: Tx, likely: Mapping[int, float]) -> None:
    """Keep the highest probability that was ever given to an incident, for its rank."""
    if likely:
        await tx.execute(
            """
            update incident i set rank_features = i.rank_features || jsonb_build_object('triage',
              greatest(x.p, coalesce((i.rank_features ->> 'triage')::float8, 0)))
            from unnest(%s::bigint[], %s::float8[]) x(id, p) where i.id = x.id
            """,
            (list(likely), [round(p, 4) for p in likely.values()]),
        )


async def of_components(
    tx: Tx, realm_id: int, components: Collection[int]
) -> dict[int, list[Lying]]:
    """The groups of these components, oldest first.

    Only the newest row of an episode may still be loose: earlier ones are of what has ended.
    """
    if not components:
        return {}
    rows = await tx.execute(
        """
        select component, id, incident_id from alert_group
        where realm_id = %s and component = any(%s) order by id
        """,
        (realm_id, sorted(components)),
    )
    found: dict[int, list[Lying]] = {}
    for component, group, incident_id in await rows.fetchall():
        found.setdefault(int(component), []).append(Lying(group, incident_id))
    return found


async def rows_of(tx: Tx, realm_id: int, episodes: Sequence[int]) -> dict[int, int]:
    """The newest row of each episode."""
    rows = await tx.execute(
        """
        select episode, max(id) from alert_group where realm_id = %s and episode = any(%s)
        group by episode
        """,
        (realm_id, list(episodes)),
    )
    return {int(episode): int(group) for episode, group in await rows.fetchall()}

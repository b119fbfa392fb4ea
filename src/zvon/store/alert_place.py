"""Where groups lie now: by component, by episode."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from zvon.store.transaction import Tx


class Lying(Struct, frozen=True, gc=False):
    """A group of a component, and the incident that it is of."""

    id: int
    incident_id: int | None
    novel: bool


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
        select component, id, incident_id, novel from alert_group
        where realm_id = %s and component = any(%s) order by id
        """,
        (realm_id, sorted(components)),
    )
    found: dict[int, list[Lying]] = {}
    for component, group, incident_id, novel in await rows.fetchall():
        found.setdefault(int(component), []).append(Lying(group, incident_id, novel))
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

"""Realms: alerts of one maker under one marking, within which the correlation joins."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from zvon.model.marking import Tlp
from zvon.store.alert_fresh import Fresh
from zvon.store.transaction import Tx


class Marking(Struct, frozen=True, order=True, gc=False):
    """What makes two alerts lie in one realm. `source_id` is set for TLP:RED only."""

    org_id: int
    orgc_id: int
    tlp: int
    group: str
    source_id: int

    @property
    def group_uuid(self) -> UUID | None:
        """The sharing group, when there is one."""
        return UUID(self.group) if self.group else None


class Realm(Struct, frozen=True, kw_only=True):
    """A realm as it stands. `last_at` is how far the clock of its correlation went."""

    id: int
    marking: Marking
    next_episode: int
    version: int
    first_at: datetime | None
    last_at: datetime | None


def marking_of(fresh: Fresh) -> Marking:
    """The realm that an alert lies in."""
    red = fresh.tlp == Tlp.RED
    return Marking(
        org_id=fresh.org_id, orgc_id=fresh.orgc_id, tlp=fresh.tlp,
        group="" if fresh.group_uuid is None else str(fresh.group_uuid),
        source_id=(fresh.source_id or 0) if red else 0,
    )  # fmt: skip


async def take(tx: Tx, markings: Collection[Marking]) -> dict[Marking, Realm]:
    """The realms of these markings, made where they are missing, locked until the end."""
    wanted = sorted(markings)
    arrays = (
        [m.org_id for m in wanted], [m.orgc_id for m in wanted], [m.tlp for m in wanted],
        [m.group_uuid for m in wanted], [m.source_id or None for m in wanted],
    )  # fmt: skip
    await tx.execute(
        """
        insert into alert_realm (org_id, orgc_id, tlp, group_uuid, source_id)
        select * from unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::uuid[], %s::bigint[])
        on conflict do nothing
        """,
        arrays,
    )
    rows = await tx.execute(
        """
        select r.id, r.org_id, r.orgc_id, r.tlp, r.group_uuid, r.source_id, r.next_episode,
               r.version, r.first_at, r.last_at
        from alert_realm r
        join unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::uuid[], %s::bigint[])
             x(org, orgc, tlp, g, source)
          on r.org_id = x.org and r.orgc_id = x.orgc and r.tlp = x.tlp
             and r.group_uuid is not distinct from x.g and r.source_id is not distinct from x.source
        order by r.id for update of r
        """,
        arrays,
    )
    found = {}
    for row in await rows.fetchall():
        marking = Marking(row[1], row[2], row[3], "" if row[4] is None else str(row[4]),
                          row[5] or 0)  # fmt: skip
        found[marking] = Realm(id=row[0], marking=marking, next_episode=row[6], version=row[7],
                               first_at=row[8], last_at=row[9])  # fmt: skip
    return found


async def move_on(
    tx: Tx, realm_id: int, next_episode: int, first: datetime, last: datetime
) -> None:
    """Keep how far the correlation of a realm went."""
    await tx.execute(
        """
        update alert_realm set next_episode = %s, first_at = least(first_at, %s),
          last_at = greatest(last_at, %s) where id = %s
        """,
        (next_episode, first, last, realm_id),
    )


async def changed(tx: Tx, realm_ids: Sequence[int]) -> None:
    """A person changed what lies together: memories of these realms are to be made anew."""
    await tx.execute(
        "update alert_realm set version = version + 1 where id = any(%s)", (sorted(realm_ids),)
    )

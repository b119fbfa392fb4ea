"""Values that configured sources call bad: how many of them, each counted once.

Only what may be said to every analyst of the node counts (no TLP:RED, nothing of a closed group),
and no source whose values people found wrong more often than right.
"""

from collections.abc import Mapping, Sequence

from zvon.model.marking import Tlp
from zvon.model.observable import TYPE, Observable
from zvon.store.ingest import SAID
from zvon.store.observable import COMMON, code_of, digest
from zvon.store.party import Db


async def sources_of(db: Db, values: Sequence[Observable]) -> Mapping[Observable, int]:
    """How many sources accuse each value; values that none does are left out."""
    if not values:
        return {}
    rows = await (
        await db.execute(
            """
            select o.type, o.value, count(distinct r.source_id) from observable o
            join lateral (select record_id from occurrence
                          where observable_id = o.id and role = %(said)s
                          order by record_id desc limit %(most)s) c on true
            join record r on r.id = c.record_id and not r.deleted
              and r.kind in ('indicator', 'event', 'object') and r.tlp < %(red)s
              and r.group_uuid is null
            join source_setup p on p.source_id = r.source_id and p.removed_at is null
            left join lateral (select good, bad from source_quality q
                               where q.source_id = r.source_id order by week desc limit 1) q on true
            where o.digest = any (%(digests)s) and coalesce(q.bad, 0) <= coalesce(q.good, 0)
            group by o.type, o.value
            """,
            {"said": SAID, "most": COMMON, "red": int(Tlp.RED),
             "digests": [digest(code_of(v), v.value.encode()) for v in values]},
        )
    ).fetchall()  # fmt: skip
    return {Observable(TYPE[kind], value): int(n) for kind, value, n in rows}

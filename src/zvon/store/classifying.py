"""Which incidents changed since they were classified, and what their records declare."""

from uuid import UUID

from zvon.store.classification import Declaring
from zvon.store.transaction import Tx

MOST_GROUPS = 200
BATCH = 200


async def changed(tx: Tx) -> list[int]:
    """Incidents that changed since the last call, each once; the cursor goes with them."""
    row = await (await tx.execute("select seq from class_cursor for update")).fetchone()
    assert row is not None
    rows = await (
        await tx.execute(
            """
            select c.seq, i.id from change c left join incident i on i.uuid = c.subject
            where c.seq > %s and c.kind = 'incident' order by c.seq limit %s
            """,
            (row[0], BATCH),
        )
    ).fetchall()
    if rows:
        await tx.execute("update class_cursor set seq = %s", (rows[-1][0],))
    return sorted({incident for _, incident in rows if incident is not None})


async def declaring(tx: Tx, incident_ids: list[int]) -> list[Declaring]:
    """What the records of these incidents say of themselves: a sample of each alert group."""
    bare = await (
        await tx.execute(
            "select id, uuid, category from incident where id = any (%s) order by id",
            (incident_ids,),
        )
    ).fetchall()
    alerts = await (
        await tx.execute(
            """
            select i.id, r.payload, g.count, r.id
            from unnest(%s::bigint[]) i(id)
            cross join lateral (select * from alert_group g where g.incident_id = i.id
                                order by g.last_at desc, g.id desc limit %s) g
            join record r on r.id = coalesce(g.worst_record, g.first_record)
            order by i.id, g.id
            """,
            (incident_ids, MOST_GROUPS),
        )
    ).fetchall()
    records = [(incident, record) for incident, _, _, record in alerts]
    tags = await (
        await tx.execute(
            """
            select x.incident, t.name
            from (select * from unnest(%s::bigint[], %s::bigint[]) a(incident, record)
                  union select incident_id, record_id from report where incident_id = any (%s)
                  union select id, record_id from incident where id = any (%s)) x(incident, record)
            join tag_use u on u.record_id = x.record join tag t on t.id = u.tag_id
            where t.name like 'rsit:%%' or t.name ~ 'T1[0-9]{3}' order by 1, 2
            """,
            ([i for i, _ in records], [r for _, r in records], incident_ids, incident_ids),
        )
    ).fetchall()
    said: dict[int, tuple[UUID, str | None]] = {i: (u, c) for i, u, c in bare}
    return [
        Declaring(
            id=incident, uuid=uuid, category=category,
            alerts=[(p, int(n)) for i, p, n, _ in alerts if i == incident and isinstance(p, dict)],
            tags=[name for i, name in tags if i == incident],
        )
        for incident, (uuid, category) in said.items()
    ]  # fmt: skip

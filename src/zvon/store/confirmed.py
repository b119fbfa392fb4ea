"""What others say of the names of a report: another report names them, or a person decided."""

from collections.abc import Collection, Mapping

from zvon.model.advice import READ_OFF_PICTURE
from zvon.model.observable import CODE, ObservableType
from zvon.store.ingest import SAID
from zvon.store.party import Db
from zvon.store.transaction import Tx


async def confirmed(db: Db, hosts: Mapping[int, Collection[str]]) -> dict[int, frozenset[str]]:
    """Those of `hosts`, by record id, that a report of other bytes names too; all of them where a
    person has said that the incident is malicious. The same picture sent twice confirms nothing.
    """
    pairs = [(record, host) for record in sorted(hosts) for host in sorted(hosts[record])]
    if not pairs:
        return {}
    rows = await (
        await db.execute(
            """
            select w.record_id, w.host
            from unnest(%(records)s::bigint[], %(hosts)s::text[]) w(record_id, host)
            join record r on r.id = w.record_id join report p on p.record_id = r.id
            left join incident i on i.id = p.incident_id
            where (i.verdict = 'malicious' and i.verdict_by is not null)
               or exists (select from observable o join occurrence c on c.observable_id = o.id
                          join record x on x.id = c.record_id
                          where o.type = %(domain)s and o.value = w.host and c.role = %(said)s
                            and x.id <> r.id and x.kind = 'report' and not x.deleted
                            and x.raw_sha256 is distinct from r.raw_sha256)
            """,
            {
                "records": [record for record, _ in pairs],
                "hosts": [host for _, host in pairs],
                "domain": CODE[ObservableType.DOMAIN],
                "said": SAID,
            },
        )
    ).fetchall()
    found: dict[int, set[str]] = {}
    for record, host in rows:
        found.setdefault(record, set()).add(host)
    return {record: frozenset(names) for record, names in found.items()}


async def waiting(tx: Tx, incident_id: int) -> list[int]:
    """The reports of an incident that has a name which waits to be confirmed."""
    rows = await (
        await tx.execute(
            """
            select record_id from report where incident_id = %(id)s and exists (
              select from incident_name where incident_id = %(id)s and reason = %(reason)s)
            order by record_id limit 200
            """,
            {"id": incident_id, "reason": READ_OFF_PICTURE},
        )
    ).fetchall()
    return [int(row[0]) for row in rows]

"""Exhibits past their time: the bytes go with their keys, a tombstone and the custody stay."""

from zvon.store.retention import OF_COUNTRY, Gone, Scope, count_days
from zvon.store.transaction import Tx

MOST = 200


async def exhibits(tx: Tx, scope: Scope, gone: Gone) -> int:
    """Delete the pieces of one batch of exhibits and empty their words; how many exhibits.

    Those that a person holds, and those of incidents whose record a legal hold keeps, stay.
    """
    cursor = await tx.execute(
        "select e.id, e.size, e.at, e.sha256 from exhibit e"  # noqa: S608 -- literals only
        " join incident i on i.id = e.incident_id"
        " where e.deleted_at is null and e.held_by is null"
        " and case when %(only)s::bigint[] is null then e.at < %(cut)s"
        "   else i.record_id = any(%(only)s::bigint[]) end"
        " and not i.record_id = any(%(held)s::bigint[])"
        " and i.orgc_id = any (array(" + OF_COUNTRY + "))"
        " order by e.id limit %(most)s for update of e skip locked",
        {"cut": scope.cut_off, "only": None if scope.only is None else list(scope.only),
         "held": list(scope.held), "country": scope.country, "most": min(scope.most, MOST)},
    )  # fmt: skip
    found = await cursor.fetchall()
    if not found:
        return 0
    ids = [int(row[0]) for row in found]
    pieces = await tx.execute(
        "delete from exhibit_piece where exhibit_id = any(%s) returning exhibit_id, n", (ids,)
    )
    gone.took("exhibit_piece", (f"{a}/{b}" for a, b in sorted(await pieces.fetchall())))
    await tx.execute(
        "update exhibit set deleted_at = %s, name = '', note = '' where id = any(%s)",
        (scope.now, ids),
    )
    await tx.execute(
        """
        insert into custody (exhibit_id, act, sha256, at)
        select id, 'purged', sha256, %s from exhibit where id = any(%s) order by id
        """,
        (scope.now, ids),
    )
    gone.emptied("exhibit", ids)
    gone.bytes += sum(int(row[1]) for row in found)
    await count_days(tx, scope, [row[2] for row in found])
    return len(ids)

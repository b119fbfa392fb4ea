"""Raw data past its time: bodies, deliveries, looks at pages; and held ones under a newer key."""

from datetime import UTC, date

from zvon.store import data_key, evidence_file, raw
from zvon.store.data_key import keys_of
from zvon.store.retention import OF_COUNTRY, Gone, Scope, count_days
from zvon.store.transaction import Tx

_OWN = "%(country)s = (select country from party where own)"


async def inputs(tx: Tx, scope: Scope, gone: Gone) -> int:
    """Delete one batch of raw inputs and what of them stood in quarantine; how many.

    An input is of the country of the organisations whose reports it came in, else of the
    operator's. Inputs of held records stay.
    """
    cursor = await tx.execute(
        "select w.sha256, w.size, w.received_at from raw_input w"  # noqa: S608 -- literals only
        " where case when %(only)s::bigint[] is null then w.received_at < %(cut)s"
        "   else exists (select from record r where r.raw_sha256 = w.sha256"
        "                and r.id = any(%(only)s::bigint[]))"
        "     and not exists (select from record r where r.raw_sha256 = w.sha256"
        "                     and not r.id = any(%(only)s::bigint[])) end"
        " and not exists (select from record r where r.raw_sha256 = w.sha256"
        "                 and r.id = any(%(held)s::bigint[]))"
        " and case when %(only)s::bigint[] is not null then true"
        "   when exists (select from record r where r.raw_sha256 = w.sha256)"
        "   then exists (select from record r where r.raw_sha256 = w.sha256"
        "                and r.orgc_id = any (array(" + OF_COUNTRY + ")))"
        "   else " + _OWN + " end"
        " order by w.sha256 limit %(most)s for update skip locked",
        {"country": scope.country, "cut": scope.cut_off, "held": list(scope.held),
         "only": None if scope.only is None else list(scope.only), "most": scope.most},
    )  # fmt: skip
    found = await cursor.fetchall()
    if not found:
        return 0
    shas = [bytes(row[0]) for row in found]
    quarantined = await tx.execute(
        "delete from quarantine where raw_sha256 = any(%s) returning id", (shas,)
    )
    gone.took("quarantine", sorted(row[0] for row in await quarantined.fetchall()))
    await tx.execute("update record set raw_sha256 = null where raw_sha256 = any(%s)", (shas,))
    await tx.execute("delete from raw_input where sha256 = any(%s)", (shas,))
    gone.bytes += sum(int(row[1]) for row in found)
    await count_days(tx, scope, [row[2] for row in found])
    return gone.took("raw_input", shas)


async def deliveries(tx: Tx, scope: Scope, gone: Gone) -> int:
    """Delete the pieces of one batch of deliveries, and what of them stood in quarantine.

    The row of a delivery stays with its hash, so that a source that still holds the file does not
    bring it back; its name and what was said of it go. How many deliveries.
    """
    cursor = await tx.execute(
        "select d.id, d.size, d.received_at from delivery d join source s on s.id = d.source_id"  # noqa: S608 -- literals only
        " where d.received_at < %(cut)s and d.state in ('done', 'failed', 'waiting')"
        " and exists (select from delivery_chunk c where c.delivery_id = d.id)"
        " and case when s.party_id is null then " + _OWN +
        "   else s.party_id = any (array(" + OF_COUNTRY + ")) end"
        " order by d.id limit %(most)s for update of d skip locked",
        {"country": scope.country, "cut": scope.cut_off, "most": min(scope.most, 200)},
    )  # fmt: skip
    found = await cursor.fetchall()
    if not found:
        return 0
    ids = [int(row[0]) for row in found]
    pieces = await tx.execute(
        "delete from delivery_chunk where delivery_id = any(%s) returning delivery_id, n", (ids,)
    )
    gone.took("delivery_chunk", (f"{a}/{b}" for a, b in sorted(await pieces.fetchall())))
    aside = await tx.execute(
        "delete from quarantine where delivery_id = any(%s) returning id", (ids,)
    )
    gone.took("quarantine", sorted(row[0] for row in await aside.fetchall()))
    await tx.execute(
        """
        update delivery set name = '', external = null, warnings = '[]', problem = '', why = '{}',
          cursor = '{}', chunks = 0, quarantined = 0,
          state = case when state = 'waiting' then 'failed' else state end
        where id = any(%s)
        """,
        (ids,),
    )
    gone.emptied("delivery", ids)
    gone.bytes += sum(int(row[1]) for row in found)
    await count_days(tx, scope, [row[2] for row in found])
    return len(ids)


async def captures(tx: Tx, scope: Scope, gone: Gone) -> int:
    """Delete one batch of looks, and pages and pictures that no look names any more; how many."""
    cursor = await tx.execute(
        "select c.id, c.observable_id, c.at from capture c left join record r on r.id = c.record_id"  # noqa: S608 -- literals only
        " where case when %(only)s::bigint[] is null then c.at < %(cut)s"
        "   else c.record_id = any(%(only)s::bigint[]) end"
        " and not coalesce(c.record_id = any(%(held)s::bigint[]), false)"
        " and case when %(only)s::bigint[] is not null then true when r.id is null then " + _OWN +
        "   else r.orgc_id = any (array(" + OF_COUNTRY + ")) end"
        " order by c.id limit %(most)s for update of c skip locked",
        {"country": scope.country, "cut": scope.cut_off, "held": list(scope.held),
         "only": None if scope.only is None else list(scope.only), "most": scope.most},
    )  # fmt: skip
    found = await cursor.fetchall()
    ids = [int(row[0]) for row in found]
    await tx.execute("delete from capture where id = any(%s)", (ids,))
    gone.took("capture", ids)
    gone.values.update(int(row[1]) for row in found)
    await count_days(tx, scope, [row[2] for row in found])
    files = await tx.execute(
        """
        delete from evidence_file where sha256 in (
          select e.sha256 from evidence_file e
          where e.at < case when %(some)s then %(now)s - interval '1 hour' else %(cut)s end
            and not exists (select from capture c
                            where c.html_sha256 = e.sha256 or c.screenshot_sha256 = e.sha256)
          order by e.sha256 limit %(most)s for update skip locked)
        returning sha256, size
        """,
        {
            "cut": scope.cut_off,
            "some": scope.only is not None and bool(ids),
            "now": scope.now,
            "most": scope.most,
        },
    )
    away = sorted((bytes(row[0]), int(row[1])) for row in await files.fetchall())
    gone.bytes += sum(size for _, size in away)
    return len(ids) + gone.took("evidence_file", [sha for sha, _ in away])


async def move_held(tx: Tx, scope: Scope, before: date) -> int:
    """Seal what is held from before `before` anew under today's key, so that its own can die.

    One batch of raw inputs and of pages; how many.
    """
    keys, today = keys_of(tx.db), scope.now.astimezone(UTC).date()
    moved = 0
    for of_class, table in ((data_key.RAW, "raw_input"), (data_key.CAPTURE, "evidence_file")):
        if of_class != scope.of_class:
            continue
        cursor = await tx.execute(
            "select x.sha256 from " + table + " x join data_key k on k.id = x.key_id"  # noqa: S608 -- literals only
            " where k.country = %s and k.class = %s and k.day < %s and k.destroyed_at is null"
            " order by x.sha256 limit %s for update of x skip locked",
            (scope.country, of_class, before, scope.most),
        )  # fmt: skip
        shas = [bytes(row[0]) for row in await cursor.fetchall()]
        if not shas:
            continue
        key = await data_key.of_day(tx, keys, of_class, today, scope.now)
        reseal = raw.reseal if of_class == data_key.RAW else evidence_file.reseal
        for sha in shas:
            await reseal(tx, sha, key)
        moved += len(shas)
    return moved

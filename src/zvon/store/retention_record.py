"""Records past their time: gone with all that hangs on them, or left as bare rows that count."""

from collections.abc import Sequence
from typing import LiteralString

from zvon.model.observable import CODE, ObservableType
from zvon.store.retention import Gone, Scope, count_days, records
from zvon.store.transaction import Change, Op, Tx

# What may stay of an anonymised record: values of machines, which name nobody. Addresses of pages
# are not among them: a query or a path may say for whom a page was made.
_T = ObservableType
MACHINE = tuple(
    CODE[each] for each in (
        _T.DOMAIN, _T.REGISTERED, _T.IPV4, _T.IPV6, _T.CIDR, _T.MD5, _T.SHA1, _T.SHA256, _T.SHA512,
        _T.CVE, _T.ASN, _T.TEMPLATE, _T.REGISTRATION, _T.SKELETON, _T.RESOURCES, _T.FAVICON,
        _T.CERTIFICATE, _T.PATH, _T.KIT_MARK, _T.SSDEEP, _T.TLSH, _T.IMPHASH, _T.JA3, _T.JA3S,
        _T.JA4, _T.JARM, _T.GHSA, _T.CWE, _T.ATTACK_ID, _T.YARA_RULE, _T.SIGMA_ID, _T.FINGERPRINT,
    )
)  # fmt: skip
REPORTER_SIDE = 4

# Deleted with a record, each before what it points to: table, column that names the record.
_HANGING: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("subject_key", "record_id"), ("search_record", "record_id"), ("document", "record_id"),
    ("quarantine", "record_id"), ("mail_reply", "record_id"), ("record_version", "record_id"),
    ("record_audience", "record_id"), ("tag_use", "record_id"), ("edge", "record_id"),
    ("receipt_again", "record_id"), ("report_key", "record_id"), ("evidence", "record_id"),
    ("verdict", "record_id"), ("campaign_apart", "record_id"), ("campaign_member", "record_id"),
    ("legal_hold", "record_id"), ("report", "record_id"), ("alert", "record_id"),
)  # fmt: skip
# Rows of other classes, with a time of their own: they lose the way back.
_LOOSE: tuple[LiteralString, ...] = (
    "label", "label_task", "capture", "takedown", "watch", "disclosure", "feed_entry", "share",
    "alert_group", "promotion",
)  # fmt: skip


async def destroy(tx: Tx, scope: Scope, gone: Gone, kinds: Sequence[str]) -> int:
    """Delete one batch of records of `kinds` with everything that hangs on them; how many.

    An incident cannot be deleted, because blocks and orders point to it: it is emptied instead
    (`retention_incident`). Values that nothing names any more are left to `values`.
    """
    found = await records(tx, scope, kinds)
    if not found:
        return 0
    ids = [each for each, _ in found]
    days = await tx.execute("select received_at from record where id = any(%s)", (ids,))
    await count_days(tx, scope, [row[0] for row in await days.fetchall()])
    await withdraw_shared(tx, ids, gone)
    await _values_of(tx, ids, gone, "true")
    for table, column in _HANGING:
        if table == "document":
            await _promote(tx, ids)
        await _delete(tx, table, column, ids, gone)
    for table in _LOOSE:
        await tx.execute(
            "update " + table + " set record_id = null where record_id = any(%s)",  # noqa: S608 -- literals only
            (ids,),
        )
    await tx.execute("update record set container_id = null where container_id = any(%s)", (ids,))
    await tx.execute("delete from record where id = any(%s)", (ids,))
    gone.took("record", [uuid for _, uuid in found])
    await _recount(tx, gone)
    tx.note(*(Change(kind="record", subject=uuid, op=Op.DELETE) for _, uuid in found))
    return len(found)


async def anonymise(tx: Tx, scope: Scope, gone: Gone, kinds: Sequence[str]) -> int:
    """Empty one batch of records of `kinds` of everything that a person could be known by.

    What stays is what counts: that there was a report, when, how it was answered, which machines
    it named, and what was decided. How many.
    """
    found = await records(tx, scope, kinds)
    if not found:
        return 0
    ids = [each for each, _ in found]
    await _values_of(tx, ids, gone, "(not o.type = any(%(machine)s) or c.role = %(reporter)s)")
    await _promote(tx, ids)
    for table in ("subject_key", "search_record", "document", "quarantine", "mail_reply",
                  "record_version", "receipt_again", "report_key"):  # fmt: skip
        await _delete(tx, table, "record_id", ids, gone)
    for table, emptied in _EMPTIED.items():
        touched = await tx.execute(
            "update "  # noqa: S608 -- literals only
            + table
            + " set "
            + emptied
            + " where record_id = any(%s) returning record_id",
            (ids,),
        )
        gone.emptied(table, sorted(row[0] for row in await touched.fetchall()))
    await tx.execute("update report set key_hash = null where record_id = any(%s)", (ids,))
    await forget_shared_originals(tx, ids, gone)
    await tx.execute(
        "update record set payload = '{}', raw_sha256 = null, modified_at = %s where id = any(%s)",
        (scope.now, ids),
    )
    gone.emptied("record", [uuid for _, uuid in found])
    await _recount(tx, gone)
    tx.note(
        *(Change(kind="report", subject=uuid, op=Op.EDIT, record_id=each) for each, uuid in found)
    )
    return len(found)


# What a judgement stood on keeps its code and its weight, and nothing that was read.
_EMPTIED: dict[LiteralString, LiteralString] = {
    "evidence": "value = '', params = '{}'",
    "verdict": """reasons = coalesce((select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                    'code', e -> 'code', 'weight', e -> 'weight', 'params', '{}'::jsonb)))
                  from jsonb_array_elements(reasons) e), '[]'), advice = '[]'""",
    "campaign_member": "reasons = '[]'",
    "edge": "reason = '{}'",
    "capture": "text = '', read = '', facts = '{}', final_url = null",
    "label": "url = registered, features = '{}'",
}


# A value stays while one of these names it.
_NAMING: tuple[LiteralString, ...] = (
    "occurrence", "evidence", "capture", "label", "label_task", "report_key", "campaign_key",
)  # fmt: skip


async def values(tx: Tx, gone: Gone) -> int:
    """Delete the values among `gone.values` that nothing names any more; how many."""
    ids = sorted(gone.values)
    gone.values.clear()
    if not ids:
        return 0
    condition = " and ".join(
        f"not exists (select from {table} x where x.observable_id = o.id)" for table in _NAMING
    )
    cursor = await tx.execute(
        f"select o.id from observable o where o.id = any(%s) and {condition}",  # noqa: S608 -- literals only
        (ids,),
    )
    loose = sorted(int(row[0]) for row in await cursor.fetchall())
    for table in ("search_value", "campaign_key_seen", "campaign_key_common", "enrichment"):
        await _delete(tx, table, "observable_id", loose, gone)
    await tx.execute("delete from observable where id = any(%s)", (loose,))
    return gone.took("observable", loose)


async def withdraw_shared(tx: Tx, ids: Sequence[int], gone: Gone) -> None:
    """Note the standing releases of these records: partners are told to erase them."""
    cursor = await tx.execute(
        "select uuid from share where record_id = any(%s) and state = 'released' order by id",
        (list(ids),),
    )
    gone.shared.extend(row[0] for row in await cursor.fetchall())


async def forget_shared_originals(tx: Tx, ids: Sequence[int], gone: Gone) -> None:
    """What stood in these reports before the gate leaves the releases of their incidents.

    A release that nobody decided about yet can no longer be judged: it is refused.
    """
    cursor = await tx.execute(
        """
        update share set before = '{}', decisions = '[]',
          state = case when state in ('held', 'waiting') then 'refused' else state end
        where before <> '{}'::jsonb
          and incident_id in (select incident_id from report where record_id = any(%s))
        returning uuid
        """,
        (list(ids),),
    )
    gone.emptied("share", sorted(row[0] for row in await cursor.fetchall()))


async def _values_of(tx: Tx, ids: Sequence[int], gone: Gone, which: LiteralString) -> None:
    """Delete the occurrences of records for which `which` holds; their values may be loose now."""
    cursor = await tx.execute(
        "delete from occurrence c using observable o where c.record_id = any(%(ids)s)"  # noqa: S608 -- literals only
        " and o.id = c.observable_id and " + which + " returning c.observable_id, c.record_id",
        {"ids": list(ids), "machine": list(MACHINE), "reporter": REPORTER_SIDE},
    )
    found = sorted(await cursor.fetchall())
    gone.values.update(int(row[0]) for row in found)
    gone.took("occurrence", (f"{value}/{record}" for value, record in found))
    keys = await tx.execute(
        "select observable_id from report_key where record_id = any(%s)", (list(ids),)
    )
    gone.values.update(int(row[0]) for row in await keys.fetchall())


async def _promote(tx: Tx, ids: Sequence[int]) -> None:
    """Texts that were near one of these become first themselves."""
    await tx.execute(
        "update document set first_id = null, jaccard = null where first_id = any(%s)", (list(ids),)
    )


async def _recount(tx: Tx, gone: Gone) -> None:
    """Keys that no report of a campaign has any more link nothing."""
    cursor = await tx.execute(
        """
        delete from campaign_key k where k.observable_id = any(%s) and not exists (
          select from report_key r join report p on p.record_id = r.record_id
          where r.observable_id = k.observable_id and p.campaign_id = k.campaign_id)
        returning observable_id, campaign_id
        """,
        (sorted(gone.values),),
    )
    gone.took("campaign_key", (f"{a}/{b}" for a, b in sorted(await cursor.fetchall())))


async def _delete(
    tx: Tx, table: LiteralString, column: LiteralString, ids: Sequence[int], gone: Gone
) -> None:
    cursor = await tx.execute(
        "delete from " + table + " where " + column + " = any(%s) returning " + column,  # noqa: S608 -- literals only
        (list(ids),),
    )
    gone.took(table, sorted(row[0] for row in await cursor.fetchall()))

"""Every place where words about a person come to stand, and taking them out of it."""

from collections.abc import Collection, Sequence
from typing import LiteralString

from msgspec import Struct

from zvon.store.party import Db
from zvon.store.retention import Gone
from zvon.store.transaction import Change, Op, Tx

ERASED = "[erased]"


class Place(Struct, frozen=True):
    """Columns of a table that hold words. `record` says which record its row is about."""

    of_class: str
    table: LiteralString
    key: LiteralString
    json: tuple[LiteralString, ...] = ()
    text: tuple[LiteralString, ...] = ()
    record: LiteralString = "null::bigint"
    only: LiteralString = "true"


_REC: LiteralString = "record_id"
PLACES: tuple[Place, ...] = (
    Place("report.text", "record", "id", ("payload",), record="id", only="kind = 'report'"),
    Place("event", "record", "id", ("payload",), record="id",
          only="kind in ('event', 'object', 'document')"),
    Place("sighting", "record", "id", ("payload",), record="id", only="kind in ('alert', 'log')"),
    Place("indicator", "record", "id", ("payload",), record="id", only="kind = 'indicator'"),
    Place("incident", "record", "id", ("payload",), record="id", only="kind = 'incident'"),
    Place("report.text", "record_version", "record_id", ("payload",), record=_REC),
    Place("report.text", "edge", "id", ("reason",), record=_REC),
    Place("report.raw", "quarantine", "id", (), ("position", "reason"), record=_REC),
    Place("delivery.raw", "delivery", "id", ("warnings",), ("name", "problem", "external")),
    Place("event", "document", "record_id", ("card",), record=_REC),
    Place("evidence", "evidence", "id", ("params",), ("value",), record=_REC),
    Place("evidence", "verdict", "id", ("reasons", "advice"), record=_REC),
    Place("indicator", "enrichment", "observable_id", ("facts",)),
    Place("capture", "capture", "id", ("facts",), ("text", "read", "final_url"), record=_REC),
    Place("campaign", "campaign_member", "record_id", ("reasons",), record=_REC),
    Place("incident", "incident", "id", ("title_params",), record=_REC),
    Place("incident", "incident_name", "incident_id", (), ("url", "reason")),
    Place("incident", "timeline", "id", ("params",)),
    Place("incident", "incident_time", "id", (), ("reason",)),
    Place("incident", "task", "id", ("params",), ("text", "result")),
    Place("exhibit", "exhibit", "id", (), ("name", "note", "hold_reason", "delete_reason")),
    Place("audit", "custody", "id", (), ("note",)),
    Place("decision", "incident_decision", "id", ("before",), ("reason",)),
    Place("decision", "alert_verdict", "id", (), ("reason",)),
    Place("decision", "promotion", "id", (), ("reason",)),
    Place("decision", "url_rule", "id", (), ("reason",)),
    Place("label", "label", "id", ("features",), ("url",), record=_REC),
    Place("watch", "watch", "id", ("reasons", "seen"), record=_REC),
    Place("takedown", "url_notice", "id", (), ("subject", "body", "recipient")),
    Place("appeal", "appeal", "id", (), ("text", "reason")),
    Place("disclosure", "share", "id", ("before", "decisions", "residue"), record=_REC),
    Place("job", "pgqueuer_log", "id", ("traceback",)),
)  # fmt: skip


class Hit(Struct, frozen=True):
    """A row that says something of a person."""

    of_class: str
    table: str
    key: int
    record_id: int | None


async def find(db: Db, pattern: str, most: int = 50_000) -> list[Hit]:
    """Rows whose words match `pattern` in any case; at most `most` of each place."""
    found = []
    for place in PLACES:
        cursor = await db.execute(
            "select " + place.key + ", " + place.record + " from " + place.table  # noqa: S608 -- literals only
            + " where " + place.only + " and (" + _matches(place) + ") limit %(most)s",
            {"pattern": pattern, "most": most},
        )  # fmt: skip
        found += [
            Hit(place.of_class, place.table, int(row[0]), row[1]) for row in await cursor.fetchall()
        ]
    return found


class Said(Struct, frozen=True):
    """What a row says: its class, table, and every text in the columns that hold words."""

    of_class: str
    table: str
    texts: list[str]


async def words(db: Db, hits: Sequence[Hit]) -> list[Said]:
    """What the rows of `hits` say, in their order by place."""
    found = []
    for place in PLACES:
        keys = sorted({h.key for h in hits if h.table == place.table
                       and h.of_class == place.of_class})  # fmt: skip
        if not keys:
            continue
        columns = ", ".join([*place.json, *place.text])
        cursor = await db.execute(
            "select " + columns + " from " + place.table + " where " + place.key  # noqa: S608 -- literals only
            + " = any(%s) and " + place.only + " order by " + place.key,
            (keys,),
        )  # fmt: skip
        found += [
            Said(place.of_class, place.table, [text for cell in row for text in _texts(cell)])
            for row in await cursor.fetchall()
        ]
    return found


def _texts(cell: object) -> list[str]:
    match cell:
        case str():
            return [cell] if cell.strip() else []
        case dict():
            return [text for inner in cell.values() for text in _texts(inner)]
        case list():
            return [text for inner in cell for text in _texts(inner)]
    return []


async def values(db: Db, texts: Sequence[str]) -> list[int]:
    """Stored values that are one of `texts`, in any case."""
    cursor = await db.execute(
        "select id from observable where value = any(%s) or lower(value) = any(%s) order by id",
        (list(texts), [each.lower() for each in texts]),
    )
    return [int(row[0]) for row in await cursor.fetchall()]


async def blank(
    tx: Tx, pattern: str, hits: Sequence[Hit], held: Collection[int], gone: Gone
) -> dict[str, int]:
    """Write `[erased]` in the place of every match in the rows of `hits`; rows by class.

    Rows about a record of `held` stay. Searches find the records of the others anew.
    """
    counts: dict[str, int] = {}
    records: set[int] = set()
    for place in PLACES:
        keys = sorted({
            h.key for h in hits
            if h.table == place.table and h.of_class == place.of_class
            and h.record_id not in held
        })  # fmt: skip
        if not keys:
            continue
        cursor = await tx.execute(
            "update " + place.table + " set " + _blanked(place) + " where " + place.key  # noqa: S608 -- literals only
            + " = any(%(keys)s) and " + place.only + " and (" + _matches(place) + ") returning "
            + place.key + ", " + place.record,
            {"pattern": pattern, "keys": keys, "erased": ERASED},
        )  # fmt: skip
        rows = await cursor.fetchall()
        counts[place.of_class] = counts.get(place.of_class, 0) + gone.emptied(
            place.table, sorted(int(row[0]) for row in rows)
        )
        records |= {int(row[1]) for row in rows if row[1] is not None}
    await _index_again(tx, sorted(records), gone)
    return counts


async def forget_values(tx: Tx, ids: Sequence[int], held: Collection[int], gone: Gone) -> int:
    """Values of a person leave every record that no hold keeps; how many occurrences."""
    cursor = await tx.execute(
        "delete from occurrence where observable_id = any(%s) and not record_id = any(%s::bigint[])"
        " returning observable_id, record_id",
        (list(ids), list(held)),
    )
    gone.values.update(ids)
    for table in ("report_key", "campaign_key", "enrichment"):
        away = await tx.execute(
            "delete from " + table + " where observable_id = any(%s) returning observable_id",  # noqa: S608 -- literals only
            (list(ids),),
        )
        gone.took(table, sorted(row[0] for row in await away.fetchall()))
    await tx.execute(
        "update evidence set observable_id = null where observable_id = any(%s)", (list(ids),)
    )
    return gone.took("occurrence", (f"{a}/{b}" for a, b in sorted(await cursor.fetchall())))


async def quarantined(tx: Tx, records: Sequence[int], gone: Gone) -> None:
    """Pieces of records that stood in quarantine go whole."""
    cursor = await tx.execute(
        "delete from quarantine where record_id = any(%s) returning id", (list(records),)
    )
    gone.took("quarantine", sorted(row[0] for row in await cursor.fetchall()))


async def _index_again(tx: Tx, records: Sequence[int], gone: Gone) -> None:
    cursor = await tx.execute(
        "delete from search_record where record_id = any(%s) returning record_id", (list(records),)
    )
    gone.took("search_record", sorted(row[0] for row in await cursor.fetchall()))
    told = await tx.execute(
        "select id, uuid, kind from record where id = any(%s)", (list(records),)
    )
    tx.note(
        *(Change(kind=row[2], subject=row[1], op=Op.EDIT, record_id=row[0])
          for row in await told.fetchall())
    )  # fmt: skip


def _matches(place: Place) -> LiteralString:
    parts: list[LiteralString] = [each + "::text ~* %(pattern)s" for each in place.json]
    parts += [each + " ~* %(pattern)s" for each in place.text]
    return " or ".join(parts)


def _blanked(place: Place) -> LiteralString:
    parts: list[LiteralString] = [
        each + " = regexp_replace(" + each + "::text, %(pattern)s, %(erased)s, 'gi')::jsonb"
        for each in place.json
    ]
    parts += [
        each + " = regexp_replace(" + each + ", %(pattern)s, %(erased)s, 'gi')"
        for each in place.text
    ]
    return ", ".join(parts)

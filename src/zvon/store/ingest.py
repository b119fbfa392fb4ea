"""Taking records in: a batch of records with their values, in one transaction of the caller."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.errors import UniqueViolation

from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable
from zvon.store.observable import BadText, code_of, digest, intern, known_and_new
from zvon.store.transaction import Change, Op, Tx

SAID, SHOWN, NEAR, REPORTER, NAMED = 1, 2, 3, 4, 5
"""Role of a value: said by the sender, shown only, near match, reporter's side, named only."""

FEW = 2000  # sightings up to this many are sent as arrays: no temporary table, fewer round trips

STAGE = """
create temporary table if not exists stage_record (
  id bigint, uuid uuid, kind text, container_id bigint, org_id bigint, orgc_id bigint,
  source_id bigint, created_at timestamptz, modified_at timestamptz, tlp smallint, pap smallint,
  group_uuid uuid, raw_sha256 bytea, payload text) on commit delete rows;
truncate stage_record
"""
STAGE_TYPES = ["int8", "uuid", "text", "int8", "int8", "int8", "int8", "timestamptz",
               "timestamptz", "int2", "int2", "uuid", "bytea", "text"]  # fmt: skip
ADD_RECORDS = """
insert into record (id, uuid, kind, container_id, org_id, orgc_id, source_id, created_at,
                    modified_at, tlp, pap, group_uuid, raw_sha256, payload, received_at)
  overriding system value
select id, uuid, kind, container_id, org_id, orgc_id, source_id, created_at, modified_at, tlp, pap,
       group_uuid, raw_sha256, payload::jsonb, %s
from stage_record order by uuid
"""
STAGE_OCCURRENCES = """
create temporary table if not exists stage_occurrence
  (n integer, record_id bigint, role smallint, seen_at timestamptz) on commit delete rows;
truncate stage_occurrence
"""
ADD_OCCURRENCES = """
insert into occurrence (observable_id, record_id, role, seen_at)
select k.id, s.record_id, s.role, s.seen_at from stage_occurrence s join stage_known k using (n)
order by k.id, s.record_id, s.role
"""

MOVE_ON = """
on conflict (observable_id, record_id, role) do update set seen_at = excluded.seen_at
where occurrence.seen_at < excluded.seen_at
"""
NO_LONGER_SAID = """
delete from occurrence c where c.record_id = any (%s) and not exists (
  select from stage_occurrence s join stage_known k using (n)
  where s.record_id = c.record_id and k.id = c.observable_id and s.role = c.role)
"""


class Sighted(Struct, frozen=True, gc=False, array_like=True):
    """A value of a record, its role there, and when it was seen."""

    observable: Observable
    role: int
    seen_at: datetime


class RecordIn(Struct, frozen=True, kw_only=True, gc=False):
    """A record as it comes in. `payload` is kept verbatim, unknown fields included."""

    uuid: UUID
    kind: str
    created_at: datetime
    modified_at: datetime
    tlp: Tlp
    pap: Pap
    payload: Any
    org_id: int
    orgc_id: int
    source_id: int | None = None
    raw_sha256: bytes | None = None
    container_id: int | None = None
    group_uuid: UUID | None = None
    observables: Sequence[Sighted] = ()


class Ingested(Struct, frozen=True):
    """Record ids in order, how many values were stored with them, and how many of those are new here."""

    ids: list[int]
    values: int
    fresh: int


class AlreadyThere(ValueError):
    """A record with the same identifier is stored. Nothing of the batch was written."""


async def ingest(tx: Tx, batch: Sequence[RecordIn], now: datetime) -> list[int]:
    """Store `batch` with one change row per record; the record ids, in order.

    Meant for about 10,000 values a call. Raises `AlreadyThere`, and `BadText` naming the field
    (`records[3].payload.title`) before anything was written. `now` is our clock at arrival.
    """
    return (await ingest_counted(tx, batch, now)).ids


async def ingest_counted(
    tx: Tx, batch: Sequence[RecordIn], now: datetime, ids: Sequence[int] | None = None
) -> Ingested:
    """Like `ingest`, and say how much it was; `ids` are of `draw`, where they were needed before."""
    if not batch:
        return Ingested([], 0, 0)
    texts = [_payload(r.payload, f"records[{i}].payload") for i, r in enumerate(batch)]
    for i, record in enumerate(batch):
        _checked(record.kind, f"records[{i}].kind")
    values, sightings = _stage([r.observables for r in batch], "records[{}].observables")
    ids = await draw(tx, len(batch)) if ids is None else list(ids)
    if len(batch) == 1:
        await _add_record(tx, batch[0], ids[0], texts[0], now)
    else:
        await _add_records(tx, batch, ids, texts, now)
    rows = [(n, ids[r], role, at) for n, r, role, at in sightings]
    fresh = 0
    if len(rows) > FEW:
        fresh = await _add_occurrences(tx, values, rows, ADD_OCCURRENCES)
    elif rows:
        fresh = await _add_few(tx, values, rows)
    tx.note(
        *(
            Change(kind=r.kind, subject=r.uuid, op=Op.ADD, record_id=i, tlp=r.tlp)
            for r, i in zip(batch, ids, strict=True)
        )
    )
    return Ingested(ids, len(rows), fresh)


async def draw(tx: Tx, count: int) -> list[int]:
    """Ids for `count` records that come in this transaction."""
    drawn = await tx.execute(
        "select nextval('record_id_seq') from generate_series(1, %s)", (count,)
    )
    return [int(row[0]) for row in await drawn.fetchall()]


async def sight_again(
    tx: Tx, sighted: Mapping[int, Sequence[Sighted]], changed: Collection[int]
) -> int:
    """Records that are stored came again, given by record id: `seen_at` moves forward only.

    Those that `changed` say no longer what is not among their values. Returns how many values are
    new here.
    """
    records = list(sighted)
    values, sightings = _stage(list(sighted.values()), "observables")
    rows = [(n, records[r], role, at) for n, r, role, at in sightings]
    fresh = await _add_occurrences(tx, values, rows, ADD_OCCURRENCES + MOVE_ON)
    if changed:
        if not rows:
            await tx.execute(STAGE_OCCURRENCES)
            await intern(tx, [])
        await tx.execute(NO_LONGER_SAID, (list(changed),))
    return fresh


async def occurrences(tx: Tx, record_id: int, sighted: Sequence[Sighted]) -> None:
    """Add values to a record that is stored; idempotent."""
    await occurrences_of(tx, {record_id: sighted})


async def occurrences_of(tx: Tx, sighted: Mapping[int, Sequence[Sighted]]) -> None:
    """Add values to records that are stored, given by record id; idempotent."""
    records = list(sighted)
    values, sightings = _stage(list(sighted.values()), "observables")
    rows = [(n, records[r], role, at) for n, r, role, at in sightings]
    if len(rows) > FEW:
        await _add_occurrences(tx, values, rows, ADD_OCCURRENCES + "on conflict do nothing")
    elif rows:
        await _add_few(tx, values, rows)


async def _add_few(
    tx: Tx,
    values: Sequence[tuple[bytes, int, str]],
    rows: Sequence[tuple[int, int, int, datetime]],
) -> int:
    known, fresh = await known_and_new(tx, values)
    numbers, records, roles, times = zip(*rows, strict=True)
    await tx.execute(
        """
        insert into occurrence (observable_id, record_id, role, seen_at)
        select o, r, role, at
        from unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::timestamptz[]) x(o, r, role, at)
        order by o, r, role on conflict do nothing
        """,
        ([known[values[n][0]] for n in numbers], list(records), list(roles), list(times)),
    )
    return fresh


def _stage(
    batch: Sequence[Sequence[Sighted]], field: str
) -> tuple[list[tuple[bytes, int, str]], list[tuple[int, int, int, datetime]]]:
    """The distinct values, and (value, record, role, time) of each sighting, none twice."""
    places: dict[tuple[str, int], int] = {}
    sightings: dict[tuple[int, int, int], datetime] = {}
    place, sight = places.setdefault, sightings.setdefault
    for r, sighted in enumerate(batch):
        for s in sighted:
            value = s.observable
            n = place((value.value, code_of(value)), len(places))
            sight((n, r, s.role), s.seen_at)
    try:
        values = [(digest(code, text.encode()), code, text) for text, code in places]
    except UnicodeEncodeError:
        values = []
    if len(values) < len(places) or "\x00" in "".join(text for text, _ in places):
        for r, sighted in enumerate(batch):
            for s in sighted:
                _checked(s.observable.value, field.format(r))
    return values, [(*key, at) for key, at in sightings.items()]


async def _add_record(tx: Tx, r: RecordIn, record_id: int, text: str, now: datetime) -> None:
    """One record, as a report comes in, needs neither the temporary table nor a savepoint."""
    added = await tx.execute(
        """
        insert into record (id, uuid, kind, container_id, org_id, orgc_id, source_id, created_at,
                            modified_at, tlp, pap, group_uuid, raw_sha256, payload, received_at)
          overriding system value
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)
        on conflict (uuid) do nothing
        """,
        (record_id, r.uuid, r.kind, r.container_id, r.org_id, r.orgc_id, r.source_id, r.created_at,
         r.modified_at, int(r.tlp), int(r.pap), r.group_uuid, r.raw_sha256, text, now),
    )  # fmt: skip
    if added.rowcount == 0:
        raise AlreadyThere(f"record {r.uuid} is already there")


async def _add_records(
    tx: Tx, batch: Sequence[RecordIn], ids: Sequence[int], texts: Sequence[str], now: datetime
) -> None:
    await tx.execute(STAGE)
    async with tx.db.cursor().copy("copy stage_record from stdin (format binary)") as copy:
        copy.set_types(STAGE_TYPES)
        for r, record_id, text in zip(batch, ids, texts, strict=True):
            await copy.write_row(
                (record_id, r.uuid, r.kind, r.container_id, r.org_id, r.orgc_id, r.source_id,
                 r.created_at, r.modified_at, int(r.tlp), int(r.pap), r.group_uuid, r.raw_sha256,
                 text)
            )  # fmt: skip
    try:
        async with tx.db.transaction():
            await tx.execute(ADD_RECORDS, (now,))
    except UniqueViolation:  # row security keeps the key out of the error
        raise AlreadyThere(await _clash(tx, [r.uuid for r in batch])) from None


async def _clash(tx: Tx, uuids: Sequence[UUID]) -> str:
    if len(set(uuids)) < len(uuids):
        return "the batch has one identifier twice"
    row = await (
        await tx.execute("select uuid from record where uuid = any (%s) limit 1", (list(uuids),))
    ).fetchone()
    return f"record {row[0]} is already there" if row else "a record is already there"


async def _add_occurrences(
    tx: Tx,
    values: Sequence[tuple[bytes, int, str]],
    rows: Sequence[tuple[int, int, int, datetime]],
    statement: LiteralString,
) -> int:
    if not rows:
        return 0
    fresh = await intern(tx, [(n, *value) for n, value in enumerate(values)])
    await tx.execute(STAGE_OCCURRENCES)
    async with tx.db.cursor().copy("copy stage_occurrence from stdin (format binary)") as copy:
        copy.set_types(["int4", "int8", "int2", "timestamptz"])
        for row in rows:
            await copy.write_row(row)
    await tx.execute(statement)
    return fresh


def _payload(payload: Any, field: str) -> str:
    """The payload as JSON. Raises `BadText` naming the first place with NUL or half a pair."""
    try:
        text = msgspec.json.encode(payload)
    except UnicodeEncodeError:
        text = b"\\u0000"
    if b"\\u0000" in text:
        for place, part in _strings(msgspec.to_builtins(payload), field):
            _checked(part, place)
    return text.decode()


def _strings(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every string of a JSON value with the place where it stands, keys too."""
    match value:
        case str():
            yield place, value
        case dict():
            for key, inner in value.items():
                yield place, str(key)
                yield from _strings(inner, f"{place}.{key}")
        case list() | tuple():
            for i, inner in enumerate(value):
                yield from _strings(inner, f"{place}[{i}]")


def _checked(text: str, field: str) -> None:
    if "\x00" in text:
        raise BadText(field, "has a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadText(field, "has half a surrogate pair") from None

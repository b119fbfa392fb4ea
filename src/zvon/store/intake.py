"""Items of a source become records: each once, however often it comes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.model.item import Item
from zvon.model.marking import Tlp
from zvon.store import party, source_day
from zvon.store.ingest import RecordIn, draw, ingest_counted, sight_again
from zvon.store.intake_entry import Entry, entries_of, tags_of, uuid_of
from zvon.store.source import Setup
from zvon.store.transaction import Change, Op, Tx

__all__ = ["Stored", "store_entries", "store_items", "uuid_of"]

BY_SOURCE = "SAID_BY_SOURCE"
PART_OF = "part-of"

SAME = """
select r.id, r.deleted <> x.deleted, r.payload - 'position' is distinct from x.payload - 'position'
       or r.tlp < coalesce(x.tlp, r.tlp) or r.pap < coalesce(x.pap, r.pap)
from unnest(%s::bigint[], %s::jsonb[], %s::boolean[], %s::smallint[], %s::smallint[])
     x(id, payload, deleted, tlp, pap)
join record r on r.id = x.id
"""
# A marking is never widened by what comes later; whoever relaxes it does so by hand.
REVISE = """
with kept as (
  insert into record_version (record_id, modified_at, payload)
  select id, modified_at, payload from record where id = any (%(ids)s) on conflict do nothing)
update record r set payload = x.payload, deleted = x.deleted, raw_sha256 = %(raw)s,
  modified_at = greatest(%(now)s, r.modified_at + interval '1 microsecond'),
  tlp = greatest(r.tlp, coalesce(x.tlp, r.tlp)), pap = greatest(r.pap, coalesce(x.pap, r.pap))
from unnest(%(ids)s::bigint[], %(payloads)s::jsonb[], %(deleted)s::boolean[], %(tlps)s::smallint[],
            %(paps)s::smallint[]) x(id, payload, deleted, tlp, pap)
where r.id = x.id returning r.id, r.tlp
"""


class Stored(Struct, frozen=True, kw_only=True):
    """What a batch became.

    `records` are new, `again` were there (of them `changed` say something else now).
    `observables` are values stored with new records, each once a record; `fresh` of the values
    were not known to this node.
    """

    records: int = 0
    again: int = 0
    changed: int = 0
    observables: int = 0
    fresh: int = 0


async def store_items(
    tx: Tx,
    source: Setup,
    delivery_id: int | None,
    items: Sequence[Item],
    now: datetime,
    *,
    within: bytes = b"",
    format: str = "",
) -> Stored:
    """Store a batch (at most about 1,000 items or 10,000 values) in the caller's transaction.

    `within` is what the positions of the items are relative to: the SHA-256 of the delivery, which
    is looked up when it is left out. The same items again change nothing but when they were last
    seen; one that says something else keeps the version before. Counts on the source's day.
    """
    if delivery_id is not None and not within:
        within = await _sha(tx, delivery_id)
    entries = entries_of(source.uuid, within, format or source.format, items, now)
    return await store_entries(tx, source, entries, now, within=within)


async def store_entries(
    tx: Tx, source: Setup, entries: Sequence[Entry], now: datetime, *, within: bytes = b""
) -> Stored:
    """Like `store_items`, with what `entries_of` made of them elsewhere; each record once."""
    if not entries:
        return Stored()
    known = await _ids(tx, [entry.uuid for entry in entries])
    new = [entry for entry in entries if entry.uuid not in known]
    drawn = dict(zip([e.uuid for e in new], await draw(tx, len(new)), strict=True)) if new else {}
    containers = await _contain(tx, entries, known, drawn)
    added = await _add(tx, source, new, drawn, containers, within, now)
    old = [(known[entry.uuid], entry) for entry in entries if entry.uuid in known]
    changed, fresh = await _again(tx, old, within, now)
    said = [*new, *(entry for _, entry in old if entry.uuid in changed)]
    everywhere = known | drawn
    await _tag(tx, said, everywhere, changed)
    await _link(tx, source, said, everywhere, containers, now)
    delays = [(now - entry.at).total_seconds() for entry in new if entry.at is not None]
    newest = max((entry.at for entry in entries if entry.at is not None), default=None)
    stored = Stored(
        records=len(new), again=len(old), changed=len(changed), observables=added[0],
        fresh=added[1] + fresh,
    )  # fmt: skip
    await source_day.count(
        tx, source.id, now, records=stored.records, observables=stored.observables,
        fresh=stored.fresh, delay_s=sum(delays), delayed=len(delays),
        lag_s=None if newest is None else (now - newest).total_seconds(),
    )  # fmt: skip
    return stored


async def _sha(tx: Tx, delivery_id: int) -> bytes:
    row = await (
        await tx.execute("select sha256 from delivery where id = %s", (delivery_id,))
    ).fetchone()
    if row is None:
        raise LookupError(f"there is no delivery {delivery_id}")
    return bytes(row[0])


async def _ids(tx: Tx, uuids: Sequence[UUID]) -> dict[UUID, int]:
    rows = await tx.execute("select uuid, id from record where uuid = any (%s)", (list(uuids),))
    return dict(await rows.fetchall())


async def _contain(
    tx: Tx, entries: Sequence[Entry], known: dict[UUID, int], drawn: dict[UUID, int]
) -> dict[UUID, int]:
    """The record of each container that is known by now; the batch may hold it itself."""
    wanted = {e.container for e in entries if e.container is not None}
    found = {uuid: places[uuid] for places in (known, drawn) for uuid in wanted & places.keys()}
    missing = [uuid for uuid in wanted if uuid not in found]
    return found | (await _ids(tx, missing) if missing else {})


async def _add(
    tx: Tx,
    source: Setup,
    new: Sequence[Entry],
    drawn: dict[UUID, int],
    containers: dict[UUID, int],
    within: bytes,
    now: datetime,
) -> tuple[int, int]:
    """Store the new ones; how many values they have, and how many of those are new here."""
    if not new:
        return 0, 0
    own = (await party.own(tx.db)).id
    maker = source.party_id or own
    batch = [
        RecordIn(
            uuid=entry.uuid, kind=entry.kind, created_at=entry.at or now, modified_at=now,
            tlp=source.tlp if entry.tlp is None else entry.tlp,
            pap=source.pap if entry.pap is None else entry.pap,
            payload=msgspec.Raw(entry.body), org_id=own, orgc_id=maker, source_id=source.id,
            raw_sha256=within or None,
            container_id=None if entry.container is None else containers.get(entry.container),
            observables=entry.values,
        )
        for entry in new
    ]  # fmt: skip
    done = await ingest_counted(tx, batch, now, list(drawn.values()))
    gone = [drawn[entry.uuid] for entry in new if entry.deleted]
    if gone:
        await tx.execute("update record set deleted = true where id = any (%s)", (gone,))
    named = [drawn[r.uuid] for r in batch if r.tlp is Tlp.RED]
    if named:  # TLP:RED is for named people: here the one who set the source up
        await tx.execute(
            """
            insert into record_audience (record_id, person_id)
            select r, p.by_person from unnest(%s::bigint[]) r, source_setup p
            where p.source_id = %s and p.by_person is not null on conflict do nothing
            """,
            (named, source.id),
        )
    return done.values, done.fresh


async def _again(
    tx: Tx,
    old: Sequence[tuple[int, Entry]],
    within: bytes,
    now: datetime,
) -> tuple[set[UUID], int]:
    """Move on what came again, and revise what says something else now: those, and new values."""
    if not old:
        return set(), 0
    by_id = dict(old)
    rows = await tx.execute(
        SAME,
        (list(by_id), [e.body.decode() for e in by_id.values()],
         [e.deleted for e in by_id.values()], [e.tlp for e in by_id.values()],
         [e.pap for e in by_id.values()]),
    )  # fmt: skip
    differ = {int(r[0]): bool(r[1]) for r in await rows.fetchall() if r[1] or r[2]}
    fresh = await sight_again(tx, {i: e.values for i, e in old}, differ)
    if differ:
        said = [by_id[i] for i in differ]
        revised = await tx.execute(
            REVISE,
            {"ids": list(differ), "payloads": [e.body.decode() for e in said],
             "deleted": [e.deleted for e in said], "tlps": [e.tlp for e in said],
             "paps": [e.pap for e in said], "raw": within or None, "now": now},
        )  # fmt: skip
        for i, tlp in await revised.fetchall():
            op = Op.DELETE if differ[i] and by_id[i].deleted else Op.EDIT
            tx.note(Change(kind=by_id[i].kind, subject=by_id[i].uuid, op=op, record_id=i,
                           tlp=Tlp(tlp)))  # fmt: skip
    return {by_id[i].uuid for i in differ}, fresh


async def _tag(tx: Tx, said: Sequence[Entry], ids: dict[UUID, int], changed: set[UUID]) -> None:
    """Tags of what is new or changed; those that a changed one lost are taken off."""
    if changed:
        await tx.execute(
            "delete from tag_use where record_id = any (%s) and not local",
            ([ids[uuid] for uuid in changed],),
        )
    uses = [(name, ids[uuid]) for uuid, names in tags_of(said).items() for name in names]
    if not uses:
        return
    names, records = zip(*uses, strict=True)
    await tx.execute(
        """
        insert into tag (name) select distinct n from unnest(%s::text[]) n
        where not exists (select from tag t where t.name = n) order by n on conflict do nothing
        """,
        (list(names),),
    )
    await tx.execute(
        """
        insert into tag_use (tag_id, record_id)
        select t.id, x.record from unnest(%s::text[], %s::bigint[]) x(name, record)
        join tag t on t.name = x.name order by 1, 2 on conflict do nothing
        """,
        (list(names), list(records)),
    )


async def _link(
    tx: Tx,
    source: Setup,
    said: Sequence[Entry],
    ids: dict[UUID, int],
    containers: dict[UUID, int],
    now: datetime,
) -> None:
    """What the source relates; a container that has not come yet is related in the same way."""
    edges = [(e.uuid, kind, target) for e in said for kind, target in e.links]
    edges += [
        (e.uuid, PART_OF, e.container)
        for e in said
        if e.container is not None and e.container not in containers
    ]
    if not edges:
        return
    subjects, kinds, targets = zip(*edges, strict=True)
    reason = msgspec.json.encode({"code": BY_SOURCE, "source": source.name}).decode()
    await tx.execute(
        """
        insert into edge (src, type, dst, reason, record_id, at)
        select s, k, d, %s::jsonb, r, %s
        from unnest(%s::uuid[], %s::text[], %s::uuid[], %s::bigint[]) x(s, k, d, r)
        order by 1, 2, 3 on conflict do nothing
        """,
        (reason, now, list(subjects), list(kinds), list(targets), [ids[s] for s in subjects]),
    )

"""Where a person's identifiers stand, by keyed hashes: found by who gives them, read by nobody."""

import hashlib
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from zvon.model.data_class import EVENTS, INCIDENTS, INDICATORS, REPORTS, SIGHTINGS
from zvon.privacy.subject import Identifier
from zvon.store.party import Db
from zvon.store.transaction import Tx

CLASS = (
    dict.fromkeys(REPORTS, "report.text") | dict.fromkeys(EVENTS, "event")
    | dict.fromkeys(SIGHTINGS, "sighting") | dict.fromkeys(INDICATORS, "indicator")
    | dict.fromkeys(INCIDENTS, "incident")
)  # fmt: skip


class Unread(Struct, frozen=True):
    """A record whose identifiers are to be noted: its class and every text that it says."""

    record_id: int
    of_class: str
    text: str


def hashed(node_key: bytes, identifier: Identifier) -> bytes:
    """Keyed BLAKE2b-256 of kind and canonical value; the key is the node's own.

    Without the key nobody can try all numbers of people against the table.
    """
    said = f"{identifier.kind}\0{identifier.value}".encode("utf-8", "replace")
    return hashlib.blake2b(said, key=node_key, person=b"zvon.subject", digest_size=32).digest()


async def unread(tx: Tx, most: int) -> tuple[int, list[Unread]] | None:
    """Where the change log was read to, and the records that changed since; `None` when none did.

    Two at once wait for each other. The whole log is read from its beginning the first time.
    """
    row = await (await tx.execute("select subjects_to from search_progress for update")).fetchone()
    assert row is not None
    cursor = await tx.execute(
        """
        with todo as materialized (
          select seq, record_id from change where seq > %s order by seq limit %s)
        select (select max(seq) from todo), r.id, r.kind,
               (select string_agg(s #>> '{}', E'\\n')
                from jsonb_path_query(r.payload, 'strict $.**') s where jsonb_typeof(s) = 'string')
        from (select max(seq) as upto from todo) x
        left join record r on r.id in (select record_id from todo) order by r.id
        """,
        (row[0], most),
    )
    found = await cursor.fetchall()
    if not found or found[0][0] is None:
        return None
    return int(found[0][0]), [
        Unread(int(each[1]), CLASS.get(each[2], "event"), each[3] or "")
        for each in found if each[1] is not None
    ]  # fmt: skip


async def note(tx: Tx, upto: int, hashes: Mapping[int, tuple[str, Collection[bytes]]]) -> None:
    """Make the keys of each record exactly `hashes` (class, hashes), and go on behind `upto`."""
    await tx.execute("delete from subject_key where record_id = any(%s)", (list(hashes),))
    rows = sorted(
        (h, of_class, record) for record, (of_class, all_) in hashes.items() for h in all_
    )
    await tx.execute(
        """
        insert into subject_key (hash, class, record_id)
        select h, c, r from unnest(%s::bytea[], %s::text[], %s::bigint[]) x(h, c, r)
        on conflict do nothing
        """,
        ([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]),
    )
    await tx.execute("update search_progress set subjects_to = %s", (upto,))


async def behind(db: Db) -> int:
    """How many changes are not looked through yet."""
    row = await (
        await db.execute(
            "select greatest((select seq from head) - (select subjects_to from search_progress), 0)"
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def find(db: Db, hashes: Sequence[bytes]) -> dict[int, str]:
    """Records that name one of `hashes`, with their class."""
    cursor = await db.execute(
        "select distinct record_id, class from subject_key where hash = any(%s)", (list(hashes),)
    )
    return {int(row[0]): row[1] for row in await cursor.fetchall()}

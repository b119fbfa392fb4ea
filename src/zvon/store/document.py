"""Documents that were read: their cards, and which of them say the same."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.ml.dedup import ALIKE, Marks
from zvon.ml.template import similarity
from zvon.model.document import Card
from zvon.store.party import Db
from zvon.store.transaction import Tx

MOST_COMPARED = 200  # documents that share a band with a new one


class NoDocument(LookupError):
    """There is no such document, or the viewer may not see it."""


class First(Struct, frozen=True):
    """The first document that says the same, and how alike the two are (Jaccard, 0 to 1)."""

    uuid: UUID
    jaccard: float


class Document(Struct, frozen=True, kw_only=True):
    """A document as it is stored. `first` is `None` when nothing before it says the same."""

    card: Card
    marks: Marks
    first: First | None = None


class Repeat(Struct, frozen=True, kw_only=True):
    """A document that says the same as another: when and from which source it came."""

    uuid: UUID
    source: str
    at: datetime
    jaccard: float | None


class Page(Struct, frozen=True, kw_only=True):
    """A document for its reader.

    `first` is the earlier one that this one repeats. `repeats` counts those that repeat this one
    and may be seen; `lately` are the last of them. `same_sources` counts their sources.
    """

    uuid: UUID
    card: Card
    source: str
    at: datetime
    tlp: int
    first: Repeat | None
    repeats: int
    sources: int
    lately: tuple[Repeat, ...]


async def near(db: Db, marks: Marks) -> First | None:
    """The first document with the same text or template, or most of the same pieces."""
    row = await (
        await db.execute(
            """
            select coalesce(f.uuid, r.uuid) from document d join record r on r.id = d.record_id
            left join record f on f.id = d.first_id
            where d.exact = %(exact)s or (d.template = %(template)s and %(template)s <> ''::bytea)
            order by d.record_id limit 1
            """,
            {"exact": bytes.fromhex(marks.exact), "template": bytes.fromhex(marks.template)},
        )
    ).fetchone()
    if row is not None:
        return First(row[0], 1.0)
    if marks.signature is None:
        return None
    rows = await (
        await db.execute(
            """
            select r.uuid, d.signature from document d join record r on r.id = d.record_id
            where d.first_id is null and d.bands && %s::bigint[] and d.scheme = %s
            order by d.record_id limit %s
            """,
            (list(marks.bands), marks.scheme, MOST_COMPARED),
        )
    ).fetchall()
    best: First | None = None
    for uuid, signature in rows:
        alike = similarity(marks.signature, np.frombuffer(signature, dtype="<u4"))
        if alike >= ALIKE and (best is None or alike > best.jaccard):
            best = First(uuid, alike)
    return best


async def put(tx: Tx, documents: Sequence[tuple[UUID, Document]]) -> None:
    """Keep what each record's document says; one that came again keeps what was said first."""
    for uuid, each in documents:
        marks = each.marks
        signature = b"" if marks.signature is None else marks.signature.astype("<u4").tobytes()
        await tx.execute(
            """
            insert into document (record_id, lang, exact, template, signature, scheme, bands,
                                  first_id, jaccard, card)
            select r.id, %(lang)s, %(exact)s, %(template)s, %(signature)s, %(scheme)s,
                   %(bands)s::bigint[], f.id, %(jaccard)s, %(card)s::jsonb
            from record r left join record f on f.uuid = %(first)s and f.id <> r.id
            where r.uuid = %(uuid)s
            on conflict (record_id) do nothing
            """,
            {
                "uuid": uuid, "lang": each.card.lang, "exact": bytes.fromhex(marks.exact),
                "template": bytes.fromhex(marks.template), "signature": signature,
                "scheme": marks.scheme, "bands": list(marks.bands),
                "first": None if each.first is None else each.first.uuid,
                "jaccard": None if each.first is None else each.first.jaccard,
                "card": msgspec.json.encode(each.card).decode(),
            },
        )  # fmt: skip


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Page:
    """A document, inside a `read` of the viewer. Raises `NoDocument`."""
    viewer.require(Permission.SEARCH_READ)
    row = await (
        await db.execute(
            """
            select d.card, s.name, r.created_at, r.tlp, r.id, f.uuid, fs.name, f.created_at,
                   d.jaccard
            from record r join document d on d.record_id = r.id
            left join source s on s.id = r.source_id
            left join record f on f.id = d.first_id left join source fs on fs.id = f.source_id
            where r.uuid = %s and not r.deleted
            """,
            (uuid,),
        )
    ).fetchone()
    if row is None:
        raise NoDocument(f"there is no document {uuid}")
    rows = await (
        await db.execute(
            """
            select r.uuid, coalesce(s.name, ''), r.created_at, d.jaccard,
                   count(*) over (), s.id
            from document d join record r on r.id = d.record_id and not r.deleted
            left join source s on s.id = r.source_id
            where d.first_id = %s order by d.record_id desc limit 1000
            """,
            (row[4],),
        )
    ).fetchall()
    first = None
    if row[5] is not None:
        first = Repeat(uuid=row[5], source=row[6] or "", at=row[7], jaccard=row[8])
    return Page(
        uuid=uuid, card=_card(row[0]), source=row[1] or "", at=row[2], tlp=row[3], first=first,
        repeats=int(rows[0][4]) if rows else 0, sources=len({each[5] for each in rows}),
        lately=tuple(Repeat(uuid=e[0], source=e[1], at=e[2], jaccard=e[3]) for e in rows[:20]),
    )  # fmt: skip


def _card(said: Any) -> Card:
    return msgspec.convert(said, Card)

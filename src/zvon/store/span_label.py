"""What people decided about spans: features of the decision, never the text; the gate learns from it."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.store.party import Db
from zvon.store.transaction import Tx


class SpanLabel(Struct, frozen=True, kw_only=True):
    """One decision: the type of the span, its evidence (rule to weight in log-odds), the belief then."""

    type: str
    lang: str | None
    features: dict[str, float]
    believed: float
    word: str


async def put(
    tx: Tx, share_id: int, labels: Sequence[SpanLabel], person_id: int, now: datetime
) -> None:
    """Keep the decisions of a person on one release."""
    async with tx.db.cursor() as cursor:
        await cursor.executemany(
            "insert into span_label (share_id, type, lang, features, believed, word, by_person, at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [(share_id, one.type, one.lang, Jsonb(one.features), one.believed, one.word, person_id,
              now) for one in labels],
        )  # fmt: skip


async def every(db: Db) -> AsyncIterator[SpanLabel]:
    """All decisions, oldest first."""
    async with db.cursor("span_labels", row_factory=class_row(SpanLabel)) as cursor:
        await cursor.execute(
            "select type, lang, features, believed, word from span_label order by id"
        )
        async for label in cursor:
            yield label

"""Verdicts: every judgement is kept, the newest counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from zvon.model.advice import NameAdvice
from zvon.model.verdict import Category, Reason, Verdict, VerdictWord
from zvon.store.party import Db
from zvon.store.transaction import Tx


async def put(
    tx: Tx,
    verdict: Verdict,
    advice: Sequence[NameAdvice],
    now: datetime,
    *,
    record_id: int | None = None,
    incident_id: int | None = None,
    person_id: int | None = None,
) -> int:
    """Store a judgement of a record or an incident; without `person_id` a machine made it."""
    row = await (
        await tx.execute(
            """
            insert into verdict (record_id, incident_id, word, category, brand, probability,
                                 reasons, models, advice, by_person, at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
            """,
            (
                record_id,
                incident_id,
                verdict.word.value,
                verdict.category.value,
                verdict.brand,
                verdict.probability,
                Jsonb(msgspec.to_builtins(verdict.reasons)),
                list(verdict.models),
                Jsonb(msgspec.to_builtins(list(advice))),
                person_id,
                now,
            ),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def latest(db: Db, record_id: int) -> tuple[Verdict, tuple[NameAdvice, ...]] | None:
    """The newest judgement of a record and the names that it advises on."""
    row = await (
        await db.execute(
            """
            select word, category, brand, probability, reasons, models, advice
            from verdict where record_id = %s order by at desc, id desc limit 1
            """,
            (record_id,),
        )
    ).fetchone()
    return None if row is None else (_verdict(row), msgspec.convert(row[6], tuple[NameAdvice, ...]))


def _verdict(row: Sequence[Any]) -> Verdict:
    word, category, brand, probability, reasons, models = row[:6]
    return Verdict(
        word=VerdictWord(word),
        category=Category(category),
        brand=brand,
        probability=probability,
        reasons=msgspec.convert(reasons, tuple[Reason, ...]),
        models=tuple(models),
    )

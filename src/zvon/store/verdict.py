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
                                 reasons, models, advice, by_person, at, prior, unshifted)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
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
                verdict.prior,
                verdict.unshifted,
            ),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def put_all(
    tx: Tx, judged: Sequence[tuple[int, Verdict, Sequence[NameAdvice]]], now: datetime
) -> None:
    """Store what a machine judged of records, by record id."""
    if not judged:
        return
    await tx.execute(
        """
        insert into verdict (record_id, word, category, brand, probability, reasons, models, advice,
                             at, prior, unshifted)
        select id, word, category, brand, probability, reasons,
               array(select jsonb_array_elements_text(models)), advice, %s, prior, unshifted
        from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::float8[], %s::jsonb[],
                    %s::jsonb[], %s::jsonb[], %s::float8[], %s::float8[])
          with ordinality x(id, word, category, brand, probability, reasons, models, advice, prior,
                            unshifted, n)
        order by n
        """,
        (
            now,
            [record_id for record_id, _, _ in judged],
            [verdict.word.value for _, verdict, _ in judged],
            [verdict.category.value for _, verdict, _ in judged],
            [verdict.brand for _, verdict, _ in judged],
            [verdict.probability for _, verdict, _ in judged],
            [Jsonb(msgspec.to_builtins(verdict.reasons)) for _, verdict, _ in judged],
            [Jsonb(list(verdict.models)) for _, verdict, _ in judged],
            [Jsonb(msgspec.to_builtins(list(advice))) for _, _, advice in judged],
            [verdict.prior for _, verdict, _ in judged],
            [verdict.unshifted for _, verdict, _ in judged],
        ),
    )


Latest = tuple[Verdict, tuple[NameAdvice, ...]]


async def latest(db: Db, record_id: int) -> Latest | None:
    """The newest judgement of a record and the names that it advises on."""
    return (await latest_of(db, [record_id])).get(record_id)


async def latest_of(db: Db, record_ids: Sequence[int]) -> dict[int, Latest]:
    """The newest judgement of each record that has one."""
    cursor = await db.execute(
        """
        select distinct on (record_id)
               word, category, brand, probability, reasons, models, advice, record_id, prior,
               unshifted
        from verdict where record_id = any(%s) order by record_id, at desc, id desc
        """,
        (list(record_ids),),
    )
    return {
        row[7]: (_verdict(row), msgspec.convert(row[6], tuple[NameAdvice, ...]))
        for row in await cursor.fetchall()
    }


def _verdict(row: Sequence[Any]) -> Verdict:
    word, category, brand, probability, reasons, models = row[:6]
    return Verdict(
        word=VerdictWord(word),
        category=Category(category),
        brand=brand,
        probability=probability,
        reasons=msgspec.convert(reasons, tuple[Reason, ...]),
        models=tuple(models),
        prior=row[8],
        unshifted=row[9],
    )

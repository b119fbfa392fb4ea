"""Evidence is appended, belongs to its report, and is fresh until it expires."""

from datetime import datetime, timedelta

import pytest

from tests.store.world import own_party, report
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.store import evidence
from zvon.store.ingest import NEAR, Sighted, occurrences
from zvon.store.transaction import Pool, transaction

NAME = Observable(ObservableType.REGISTERED, "a.example")


def row(now: datetime, value: str = "R") -> Evidence:
    return Evidence(observable=NAME, code=EvidenceCode.REGISTRAR, value=value, source="rdap",
                    seen_at=now, expires_at=now + timedelta(hours=1))  # fmt: skip


async def test_a_fact_is_read_back_and_the_newest_is_fresh(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    later = now + timedelta(minutes=1)
    async with transaction(pool, now) as tx:
        record_id, _ = await report(tx, now, home)
        await occurrences(tx, record_id, [Sighted(NAME, NEAR, now)])
        await evidence.put(tx, record_id, [row(now), row(later, "S")])
        assert await evidence.of_record(tx.db, record_id) == [row(now), row(later, "S")]
        assert await evidence.fresh(tx.db, [NAME], later) == [row(later, "S")]
        assert await evidence.fresh(tx.db, [NAME], now + timedelta(hours=2)) == []


async def test_evidence_about_nothing_is_refused(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    with pytest.raises(LookupError, match=r"a\.example"):
        async with transaction(pool, now) as tx:
            record_id, _ = await report(tx, now, home)
            await evidence.put(tx, record_id, [row(now)])

"""Verdicts are kept, and the newest counts."""

from datetime import datetime, timedelta

from tests.store.world import ADVICE, own_party, report, verdict
from zvon.model.verdict import VerdictWord
from zvon.store import verdict as verdicts
from zvon.store.transaction import Pool, transaction


async def test_the_newest_verdict_is_read_back_as_it_was(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    async with transaction(pool, now) as tx:
        record_id, _ = await report(tx, now, home)
        assert await verdicts.latest(tx.db, record_id) is None
        old, new = verdict(0.4, VerdictWord.UNDETERMINED), verdict(0.9)
        later = now + timedelta(seconds=1)
        await verdicts.put(tx, new, [ADVICE], later, record_id=record_id)
        await verdicts.put(tx, old, [], now, record_id=record_id)
        assert await verdicts.latest(tx.db, record_id) == (new, (ADVICE,))

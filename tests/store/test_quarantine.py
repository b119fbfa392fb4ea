"""What could not be read waits once, with its place and reason, until it is replayed."""

import hashlib
from datetime import datetime

import pytest

from tests.store.world import own_party, reported, somebody
from zvon.access.permission import Denied
from zvon.model.marking import Tlp
from zvon.store import quarantine
from zvon.store import raw as raw_input
from zvon.store.transaction import Pool, Tx, transaction
from zvon.store.visibility import read


async def keep_raw(tx: Tx, body: bytes, now: datetime) -> bytes:
    return await raw_input.put(tx, body, "message/rfc822", now)


async def test_an_input_waits_once_until_it_is_replayed(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    raw = hashlib.sha256(b"noise").digest()
    found = await reported(pool, now, home, raw=raw)
    async with transaction(pool, now) as tx:
        digest = await keep_raw(tx, b"noise", now)
        first = await quarantine.put(tx, digest, position="part 2", reason="not MIME", now=now,
                                     record_id=found.record_id)  # fmt: skip
        again = await quarantine.put(tx, digest, position="part 2", reason="not MIME", now=now,
                                     record_id=found.record_id)  # fmt: skip
    assert first == again
    async with read(pool, ana) as db:
        rows = await quarantine.waiting(db, ana)
    assert [(r.record_uuid, r.position, r.reason, r.size) for r in rows] == [
        (found.uuid, "part 2", "not MIME", 5)
    ]
    async with transaction(pool, now) as tx:
        await quarantine.replayed(tx, first, now)
    async with read(pool, ana) as db:
        assert await quarantine.waiting(db, ana) == []


async def test_it_is_not_for_everybody(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    rea = await somebody(pool, now, home, "rea", roles=["reporter"])
    raw = hashlib.sha256(b"noise").digest()
    found = await reported(pool, now, home, tlp=Tlp.RED, raw=raw)
    async with transaction(pool, now) as tx:
        digest = await keep_raw(tx, b"noise", now)
        await quarantine.put(tx, digest, position="0", reason="x", now=now,
                             record_id=found.record_id)  # fmt: skip
    async with read(pool, ana) as db:
        assert await quarantine.waiting(db, ana) == []
        with pytest.raises(Denied):
            await quarantine.waiting(db, rea)

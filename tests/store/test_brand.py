"""A brand's desk confirms its names; every change is a version and is audited."""

from datetime import datetime

import pytest

from tests.store.world import own_party
from zvon.store import brand
from zvon.store.transaction import Pool, transaction


async def test_verified_brands_add_up(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    async with transaction(pool, now) as tx:
        assert await brand.verified(tx.db) == {}
        await brand.verify(tx, "si.nlb", "ana", now)
        await brand.verify(tx, "hr.zaba", "iva", now)
        assert await brand.verified(tx.db) == {"si.nlb": "ana", "hr.zaba": "iva"}
    async with pool.connection() as db:
        row = await (
            await db.execute("select count(*) from audit where action = 'brand:verify'")
        ).fetchone()
    assert row == (2,)


async def test_a_brand_that_is_not_in_the_registry_is_refused(pool: Pool, now: datetime) -> None:
    with pytest.raises(brand.NoSuchBrand):
        async with transaction(pool, now) as tx:
            await brand.verify(tx, "si.nikogar", "ana", now)

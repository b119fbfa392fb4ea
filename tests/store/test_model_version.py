"""The life of models: one champion, back with one step, never what the gate refused."""

import asyncio
import hashlib
from datetime import datetime, timedelta

import pytest

from tests.store.world import new_uuid, own_party, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.ml.drift import BINS
from zvon.store import model_day, model_version
from zvon.store.model_version import NoModel, NotInState, WrongHash
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting

NAME = "phish-url"


async def put(pool: Pool, now: datetime, version: str, refusals: tuple[str, ...] = ()) -> bytes:
    weights = f"weights of {version}".encode()
    digest = hashlib.sha256(weights)
    async with transaction(pool, now) as tx:
        await model_version.put(
            tx, uuid=new_uuid(now), name=NAME, version=version, weights=weights,
            meta={"sha256": digest.hexdigest()}, card="# card", refusals=refusals, now=now,
        )  # fmt: skip
    return digest.digest()


async def promote(pool: Pool, who: Viewer, version: str, now: datetime) -> None:
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        await model_version.promote(tx, who, NAME, version, now)


async def champion(pool: Pool) -> bytes | None:
    async with read(pool, SYSTEM) as db:
        found = await model_version.standing(db, NAME)
    return found[0] if found else None


@pytest.fixture
async def ada(pool: Pool, now: datetime) -> Viewer:
    """Who manages models."""
    return await somebody(pool, now, await own_party(pool, now), "ada", roles=("administrator",))


async def test_promotion_and_rollback(pool: Pool, now: datetime, ada: Viewer) -> None:
    first, second = await put(pool, now, "1"), await put(pool, now, "2")
    assert await champion(pool) is None
    await promote(pool, ada, "1", now)
    await promote(pool, ada, "2", now + timedelta(minutes=1))
    assert await champion(pool) == second
    async with transaction(pool, now, viewer=viewer_setting(ada)) as tx:
        assert await model_version.rollback(tx, ada, NAME, now) == "1"
    assert await champion(pool) == first
    async with transaction(pool, now, viewer=viewer_setting(ada)) as tx:
        assert await model_version.rollback(tx, ada, NAME, now) is None
    assert await champion(pool) is None
    with pytest.raises(NotInState):
        async with transaction(pool, now, viewer=viewer_setting(ada)) as tx:
            await model_version.rollback(tx, ada, NAME, now)


async def test_what_the_gate_refused_or_a_person_rolled_back_is_never_promoted(
    pool: Pool, now: datetime, ada: Viewer
) -> None:
    await put(pool, now, "worse", ("fpr_platform",))
    with pytest.raises(NotInState):
        await promote(pool, ada, "worse", now)
    await put(pool, now, "1")
    await promote(pool, ada, "1", now)
    async with transaction(pool, now, viewer=viewer_setting(ada)) as tx:
        await model_version.rollback(tx, ada, NAME, now)
    with pytest.raises(NotInState):
        await promote(pool, ada, "1", now)
    with pytest.raises(NoModel):
        await promote(pool, ada, "none", now)


async def test_two_people_at_once_leave_one_champion(
    pool: Pool, now: datetime, ada: Viewer
) -> None:
    for n in range(6):
        await put(pool, now, str(n))
    await asyncio.gather(*(promote(pool, ada, str(n), now) for n in range(6)))
    async with read(pool, SYSTEM) as db:
        rows = await (
            await db.execute("select state, count(*) from model_version group by state")
        ).fetchall()
    assert dict(rows) == {"champion": 1, "retired": 5}


async def test_a_promotion_that_does_not_commit_changes_nothing(
    pool: Pool, now: datetime, ada: Viewer
) -> None:
    first = await put(pool, now, "1")
    await put(pool, now, "2")
    await promote(pool, ada, "1", now)
    with pytest.raises(RuntimeError, match="power"):
        async with transaction(pool, now, viewer=viewer_setting(ada)) as tx:
            await model_version.promote(tx, ada, NAME, "2", now)
            raise RuntimeError("power")
    assert await champion(pool) == first


async def test_weights_that_were_changed_are_not_given_out(
    pool: Pool, now: datetime, ada: Viewer
) -> None:
    sha256 = await put(pool, now, "1")
    async with read(pool, SYSTEM) as db:
        assert await model_version.weights(db, sha256) == b"weights of 1"
    async with transaction(pool, now) as tx:
        await tx.execute("update model_version set weights = 'other'")
    async with read(pool, SYSTEM) as db:
        with pytest.raises(WrongHash):
            await model_version.weights(db, sha256)
        with pytest.raises(NoModel):
            await model_version.weights(db, bytes(32))
    with pytest.raises(WrongHash):
        async with transaction(pool, now) as tx:
            await model_version.put(tx, uuid=new_uuid(now), name=NAME, version="3", weights=b"x",
                                    meta={"sha256": "0"}, card="", refusals=(), now=now)  # fmt: skip


async def test_an_analyst_manages_no_models(pool: Pool, now: datetime) -> None:
    ana = await somebody(pool, now, await own_party(pool, now), "ana")
    await put(pool, now, "1")
    with pytest.raises(Denied):
        await promote(pool, ana, "1", now)


async def test_days_add_up(pool: Pool, now: datetime) -> None:
    day = now.date()
    one, two = [0] * BINS, [0] * BINS
    one[3], two[3], two[19] = 5, 2, 1
    async with transaction(pool, now) as tx:
        await model_day.add(tx, "m", day, {"deep": one})
        await model_day.add(tx, "m", day, {"deep": two, "home": one})
        await model_day.add(tx, "m", day - timedelta(days=1), {"deep": one})
        found = await model_day.between(tx.db, "m", day - timedelta(days=1), day)
        both = await model_day.between(tx.db, "m", day - timedelta(days=1), day + timedelta(days=1))
        assert found == {"deep": one}
        assert (both["deep"][3], both["deep"][19], sum(both["home"])) == (12, 1, 5)
        await model_day.forget(tx, day)
        assert await model_day.between(tx.db, "m", day - timedelta(days=9), day) == {}

"""The moves of messages and notices in the database are those of the model."""

from zvon.model.message import MESSAGE_MOVES, NOTICE_MOVES
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read


async def test_the_database_knows_the_moves_of_the_model_and_no_other(pool: Pool) -> None:
    async with read(pool, SYSTEM) as db:
        rows = await (
            await db.execute(
                "select kind, old, new from transition where kind in ('message', 'notice')"
            )
        ).fetchall()
    expected = {("message", a.value, b.value) for a, to in MESSAGE_MOVES.items() for b in to}
    expected |= {("notice", a.value, b.value) for a, to in NOTICE_MOVES.items() for b in to}
    assert set(rows) == expected

"""Notifications arrive, also after the connection was lost."""

import asyncio

import psycopg

from zvon.store.listen import Notice, listen
from zvon.store.transaction import Pool


async def test_a_listener_hears_and_says_when_it_may_have_missed_something(
    pool: Pool, dsn: str
) -> None:
    notices = listen(pool, ["zvon_test"])
    async with asyncio.timeout(10):
        assert await anext(notices) == Notice("", "")
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as db:
            await db.execute("select pg_notify('zvon_test', 'one')")
            assert await anext(notices) == Notice("zvon_test", "one")
            await db.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where query ilike 'listen%%zvon_test%%'"
            )
            assert await anext(notices) == Notice("", "")
            await db.execute("select pg_notify('zvon_test', 'two')")
            assert await anext(notices) == Notice("zvon_test", "two")
    await notices.aclose()

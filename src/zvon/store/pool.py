"""Connections to the database, ready to work in the application's role."""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from zvon.store.data_key import DataKeys, KeyedConnection
from zvon.store.transaction import Pool


async def work_as_app(db: AsyncConnection[TupleRow]) -> None:
    """Leave the owner's rights behind: row security holds for `zvon_app` only when it is forced."""
    await db.execute("set role zvon_app")


@asynccontextmanager
async def open_pool(
    dsn: str, *, size: int = 8, keys: DataKeys | None = None
) -> AsyncIterator[Pool]:
    """Open at most `size` connections to `dsn`, in autocommit; closed at the end.

    Without `keys` its connections neither keep nor read raw data (`data_key.NoKeys`).

    A connection is checked before it is lent, so that a server that was killed and came back
    costs nobody an error.
    """

    async def configure(db: AsyncConnection[TupleRow]) -> None:
        assert isinstance(db, KeyedConnection)
        db.data_keys = keys
        await work_as_app(db)

    async with AsyncConnectionPool[AsyncConnection[TupleRow]](
        dsn,
        connection_class=KeyedConnection,
        min_size=1,
        max_size=size,
        open=False,
        kwargs={"autocommit": True},
        configure=configure,
        check=_check,
        # Waits double between attempts; after a long outage the next one would be minutes away.
        # Given up, it starts anew with the next request.
        reconnect_timeout=5.0,
        name="zvon",
    ) as pool:
        yield pool


async def _check(db: AsyncConnection[TupleRow]) -> None:
    """Ask the server only when its silence may mean that it is gone.

    On a local socket the end of the server shows at once as something to read, which costs no
    round trip to see; over a network a server can vanish without a word.
    """
    local = db.pgconn.host.startswith(b"/")
    poll = select.poll()
    poll.register(db.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    if not local or poll.poll(0):
        await AsyncConnectionPool.check_connection(db)


def dsn_of(pool: Pool) -> str:
    """Where `pool` connects to, for a connection of one's own."""
    dsn = pool.conninfo
    assert isinstance(dsn, str), "only `open_pool` makes pools"
    return dsn

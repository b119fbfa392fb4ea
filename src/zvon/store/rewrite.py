"""Dead rows off the disk: tables, their statistics and the log of writes, as PostgreSQL allows.

A deleted row stays in its file until the table is written anew; its values stay in the planner's
statistics until these are, and in the write-ahead log until a checkpoint lets the segment go.
Files that the server gives back are not overwritten by it: that is the file system's.
"""

from collections.abc import Sequence

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection, sql

MOST_SEGMENTS = 256  # of 16 MiB: more than `max_wal_size` of a node keeps


class Rewritten(Struct, frozen=True):
    """Tables that were written anew, and those that could not be: table and why."""

    done: list[str]
    left: dict[str, str]
    log: bool
    """True when the write-ahead log was cut off behind a checkpoint."""


async def rewrite(dsn: str, tables: Sequence[str], *, wait_ms: int, most_bytes: int) -> Rewritten:
    """Write `tables` anew, on a connection of its own as their owner.

    Each is locked while it is written; one that is not free within `wait_ms`, or is larger than
    `most_bytes`, is left for another time and named. Idempotent.
    """
    done, left = [], {}
    async with await AsyncConnection.connect(dsn, autocommit=True) as db:
        await db.execute("select set_config('lock_timeout', %s, false)", (f"{wait_ms}ms",))
        clean = await _forget_statistics(db, tables)
        for table in tables:
            size = await (
                await db.execute(
                    "select pg_total_relation_size(to_regclass(%s))", (f"public.{table}",)
                )
            ).fetchone()
            if size is None or size[0] is None:
                left[table] = "there is no such table"
            elif size[0] > most_bytes:
                left[table] = f"has {size[0]} bytes, at most {most_bytes} are written at once"
            else:
                try:
                    await db.execute(
                        sql.SQL("vacuum (full, analyze) {}").format(sql.Identifier(table))
                    )
                except psycopg.errors.LockNotAvailable:
                    left[table] = "is in use"
                else:
                    done.append(table)
        return Rewritten(done, left, log=clean and bool(done) and await _cut_log(db))


async def _forget_statistics(
    db: AsyncConnection[tuple[object, ...]], tables: Sequence[str]
) -> bool:
    """Common values of columns stand in the statistics, and those of an empty table stay there."""
    try:
        await db.execute(
            """
            delete from pg_statistic where starelid in (
              select c.oid from pg_class c where c.relname = any(%(tables)s)
                and c.relnamespace = 'public'::regnamespace
              union all
              select i.indexrelid from pg_index i join pg_class c on c.oid = i.indrelid
              where c.relname = any(%(tables)s) and c.relnamespace = 'public'::regnamespace)
            """,
            {"tables": list(tables)},
        )
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


async def _cut_log(db: AsyncConnection[tuple[object, ...]]) -> bool:
    """Statistics anew, then the log: what an ordinary owner may not do is said, not hidden.

    Old segments of the log are usually kept for new use, with what stood in them. For this once
    they are deleted, and those that were kept before are written over.
    """
    try:
        await db.execute("vacuum full pg_statistic")
        await db.execute("alter system set wal_recycle = off")
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.LockNotAvailable):
        return False
    try:
        await db.execute("select pg_reload_conf(), pg_sleep(0.2)")
        await db.execute("checkpoint")
        ahead = await (
            await db.execute(
                "select count(*) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'"
                " and name > pg_walfile_name(pg_current_wal_lsn())"
            )
        ).fetchone()
        assert ahead is not None
        for _ in range(min(int(str(ahead[0])), MOST_SEGMENTS) + 1):
            # A switch fills the rest of its segment with zeros; it needs a record to switch after.
            await db.execute("select pg_logical_emit_message(false, 'zvon', ''), pg_switch_wal()")
        await db.execute("checkpoint")
        # A segment goes with the checkpoint after the one that no longer needs it.
        await db.execute("select pg_logical_emit_message(false, 'zvon', ''), pg_switch_wal()")
        await db.execute("checkpoint")
    finally:
        await db.execute("alter system reset wal_recycle")
        await db.execute("select pg_reload_conf()")
    return True

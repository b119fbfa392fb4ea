"""The operator's popularity list: from a file into the never-block gate, streamed, and kept fresh."""

import asyncio
import gzip
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from zvon.model.neverblock import POPULAR_OPERATOR, key
from zvon.model.popularity import BadPopularity, names
from zvon.store import neverblock
from zvon.store.transaction import AuditEntry, Pool, Tx, transaction

# An old list protects what was popular once; after this nothing is published until there is a new one.
FRESH = timedelta(days=90)
ALARM = timedelta(days=60)
_BATCH = 50_000


class Loaded(Struct, frozen=True):
    """What a look at the file did."""

    changed: bool
    names: int
    old: bool
    """True when the file is old enough that somebody should be told."""


async def expect(tx: Tx, path: Path | None) -> None:
    """Say at start whether there has to be an operator's list.

    With a path and no list loaded yet the gate is closed until it is; without a path the list
    goes, and the audit says so.
    """
    if path is not None:
        await tx.execute(
            """
            insert into neverblock_list (list, version, sha256, size, loaded_at, confirmed_at,
                                         stale_at)
            values (%s, '', '', -1, 'epoch', 'epoch', 'epoch') on conflict do nothing
            """,
            (POPULAR_OPERATOR,),
        )
        return
    gone = await tx.execute("delete from neverblock_list where list = %s", (POPULAR_OPERATOR,))
    if gone.rowcount:
        await tx.execute("delete from popular_name")
        tx.audit(AuditEntry(actor="system", action="neverblock:drop", object=POPULAR_OPERATOR))


async def refresh(pool: Pool, path: Path, now: datetime, *, top: int) -> Loaded:
    """Bring the list into the database when the file changed; otherwise confirm that it is whole.

    The file may be gzip. Raises `BadPopularity` and `OSError`; the last good list is then used on
    until it is too old. Memory does not grow with the file.
    """
    changed_at = datetime.fromtimestamp((await asyncio.to_thread(path.stat)).st_mtime, UTC)
    sha256 = await asyncio.to_thread(_digest, path, top)
    async with transaction(pool, now) as tx:
        row = await (
            await tx.execute(
                "select sha256, size, (select count(*) from popular_name)"
                " from neverblock_list where list = %s for update",
                (POPULAR_OPERATOR,),
            )
        ).fetchone()
        whole = row is not None and bytes(row[0]) == sha256 and row[1] == row[2]
        size = row[1] if row is not None and whole else await _replace(tx, path, top)
        stale_at = changed_at + FRESH
        if whole:
            await tx.execute(
                "update neverblock_list set confirmed_at = %s, stale_at = %s where list = %s",
                (now, stale_at, POPULAR_OPERATOR),
            )
        else:
            await neverblock.note(
                tx, POPULAR_OPERATOR, changed_at.date().isoformat(), sha256, size, now, stale_at
            )
            tx.audit(
                AuditEntry(
                    actor="system",
                    action="neverblock:load",
                    object=POPULAR_OPERATOR,
                    detail={"version": changed_at.date().isoformat(), "sha256": sha256.hex(),
                            "names": size},
                )
            )  # fmt: skip
    return Loaded(not whole, size, now - changed_at > ALARM)


async def _replace(tx: Tx, path: Path, top: int) -> int:
    """Write what is new, take out what is gone; most of a list is the same from day to day."""
    await tx.execute('create temp table popular_incoming (key text collate "C") on commit drop')
    with await asyncio.to_thread(_open, path) as file:
        found = names(_lines(file), top)
        async with tx.db.cursor().copy("copy popular_incoming from stdin") as copy:
            while batch := await asyncio.to_thread(lambda: [key(n) for n in islice(found, _BATCH)]):
                await copy.write("\n".join(batch) + "\n")
    await tx.execute("create index on popular_incoming (key)")
    await tx.execute("analyze popular_incoming")
    await tx.execute(
        "delete from popular_name p where not exists"
        " (select from popular_incoming i where i.key = p.key)"
    )
    await tx.execute(
        "insert into popular_name select distinct key from popular_incoming order by key"
        " on conflict do nothing"
    )
    row = await (await tx.execute("select count(*) from popular_name")).fetchone()
    assert row is not None
    return int(row[0])


def _open(path: Path) -> BinaryIO:
    file = path.open("rb")
    if file.peek(2)[:2] != b"\x1f\x8b":
        return file
    return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]


def _lines(file: BinaryIO) -> Iterator[str]:
    for raw in file:
        if len(raw) > 2000:
            raise BadPopularity("a line of more than 2000 octets")
        yield raw.decode("utf-8", errors="replace")


def _digest(path: Path, top: int) -> bytes:
    """Of the file and of how much of it is used."""
    digest = hashlib.sha256(str(top).encode())
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()

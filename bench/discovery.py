"""Discovery: names per second through reading and matching, and planted lookalikes found.

    python -m bench.discovery [--names FILE] [--tiles 40] [--log] [--dsn DSN]

Tiles are made here: 256 entries each, half of them precertificates, of 1 to 8 names. FILE has one
name per line (plain, or `rank,name`), else names are made of syllables. One core, processor time;
the target is 200,000 names a minute, reading included. With --log the same tiles come over HTTP
from a log of our own and go into a database: wall clock, the log's own work included.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from bench.ingest import NOW, server
from tests.ct_log import Log, merkle_leaf, serve, tile_leaf
from tests.ml.test_lookalike import FIRMS, PLANTED, stream
from zvon.collect.names import read_source
from zvon.config import Settings
from zvon.formats.ct_entry import Entry, decode_leaf, decode_tile
from zvon.formats.ct_tile import WIDTH, tile_path
from zvon.formats.name_list import FORMATS
from zvon.jobs import Context
from zvon.ml.brand import shipped
from zvon.ml.lookalike import find
from zvon.ml.name_scan import scan
from zvon.store.pool import open_pool

COUNT = 200_000
CHUNK = 1 << 18
SEED = 11
T = TypeVar("T")


def timed(act: Callable[[], T]) -> tuple[T, float]:
    """What `act` gives, and the processor time that it took, in seconds."""
    start = time.process_time()
    made = act()
    return made, time.process_time() - start


def rate(what: str, names: int, seconds: float) -> None:
    """One line: names, seconds, names per second and per minute."""
    speed = names / seconds
    print(
        f"{what:<44} {names:>9,} names {seconds:>7.2f} s {speed:>10,.0f}/s {speed * 60:>12,.0f}/min"
    )


def sets(names: list[str]) -> list[tuple[str, ...]]:
    """Names as certificates have them: mostly one and its `www`, sometimes eight."""
    dice, found, at = random.Random(SEED), [], 0
    while at < len(names):
        size = dice.choice((1, 1, 1, 2, 4))
        part = names[at : at + size]
        found.append(tuple(sorted({*part, *(f"www.{name}" for name in part)})))
        at += size
    return found


def tiles(count: int, names: list[str]) -> tuple[list[bytes], list[bytes]]:
    """Data tiles, and the same entries as leaves of the old interface."""
    groups = sets(names)[: count * WIDTH]
    # A few hundred certificates are signed; each entry is one of them.
    made = [tile_leaf(group, precert=n % 2 == 0) for n, group in enumerate(groups[:512])]
    leaves = [merkle_leaf(group, precert=n % 2 == 0) for n, group in enumerate(groups[:512])]
    dice = random.Random(SEED)
    return (
        [b"".join(dice.choices(made, k=WIDTH)) for _ in range(count)],
        dice.choices(leaves, k=count * WIDTH),
    )


async def whole(dsn: str, groups: list[tuple[str, ...]]) -> tuple[int, float]:
    """Names read from a log into the database by the job, and the seconds that it took."""
    log = Log(groups)
    parts = [groups[n : n + WIDTH] for n in range(0, len(groups), WIDTH)]
    made = {f"/{tile_path('data', n)}": b"".join(map(tile_leaf, part))
            for n, part in enumerate(parts)}  # fmt: skip
    log.answer = lambda path: (200, {}, made[path]) if path in made else None
    async with serve(log), open_pool(dsn, size=4) as pool:
        async with pool.connection() as db:
            row = await (
                await db.execute(
                    "insert into name_source (uuid, name, kind, url, cursor, next_at, made_at)"
                    " values (gen_random_uuid(), 'log', 'static-ct', %s, '{\"next\": 0}', %s, %s)"
                    " returning id", (log.url, NOW, NOW),
                )
            ).fetchone()  # fmt: skip
        assert row is not None
        settings = Settings(name_caches=log.url.removeprefix("http://"))
        context = Context(pool, settings, cast(Any, None), lambda: NOW, os.urandom)
        start = time.perf_counter()
        await read_source(context, {"id": row[0]})
        seconds = time.perf_counter() - start
        async with pool.connection() as db:
            count = await (await db.execute("select names from name_source")).fetchone()
    assert count is not None
    return int(count[0]), seconds


def main() -> int:
    """Measure tiles, leaves and a list, and look for what was planted."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--names", type=Path)
    given.add_argument("--tiles", type=int, default=40)
    given.add_argument("--log", action="store_true")
    given.add_argument("--dsn")
    args = given.parse_args()
    matcher = shipped()
    if args.names:
        text = args.names.read_text("utf-8", "replace").splitlines()
        names = [line.strip().rpartition(",")[2] for line in text][:COUNT]
    else:
        names = stream(COUNT)
    names = [*names[: COUNT - len(PLANTED) - len(FIRMS)], *PLANTED, *FIRMS]
    random.Random(SEED).shuffle(names)

    data, leaves = tiles(args.tiles, names)
    size = sum(map(len, data))
    entries, seconds = timed(lambda: [e for tile in data for e in decode_tile(tile)])
    count = sum(len(e.names) for e in entries if isinstance(e, Entry))
    rate(f"data tiles, read ({size / 2**20:.0f} MiB)", count, seconds)
    print(f"{'':<44} {len(entries) / seconds:,.0f} certificates/s")
    _, more = timed(lambda: list(find(matcher, [n for e in entries if isinstance(e, Entry)
                                                for n in e.names])))  # fmt: skip
    rate("data tiles, read and matched", count, seconds + more)
    old, seconds = timed(lambda: [decode_leaf(leaf) for leaf in leaves])
    rate("leaves of get-entries, read", sum(len(e.names) for e in old), seconds)

    with tempfile.TemporaryFile() as file:
        file.write("\n".join(names).encode())
        file.seek(0)
        lines = FORMATS["text"](iter(lambda: file.read(CHUNK), b""))
        found, seconds = timed(lambda: scan(matcher, lines))
    rate("a list, read, matched and ranked", found.names, seconds)
    if args.log:
        with server(args.dsn) as dsn:
            rate("a log over HTTP into the database, wall clock",
                 *asyncio.run(whole(dsn, sets(names)[: args.tiles * WIDTH])))  # fmt: skip
    first = {one.name for one in found.found[:50]}
    wanted = {one.name for name in PLANTED for one in find(matcher, [name])}
    print(f"\nof {len(PLANTED)} planted lookalikes in the first 50: {len(wanted & first)}; "
          f"of {len(FIRMS)} firms: {len(first & set(FIRMS))}; lookalikes in all: {len(found.found)}")  # fmt: skip
    return 0 if wanted <= first and not first & set(FIRMS) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""A collector for two simulated hours without its line, killed with its node: what arrives, what it takes."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

app = App(name="collector", help="A collector, cut off and killed.")


@app.default
def collector(
    *,
    events: Annotated[int, Parameter(help="Events in all.")] = 200_000,
    sources: Annotated[int, Parameter(help="Files that they are written to.")] = 4,
) -> int:
    """Write events into files, cut the line, kill both programs; exit 1 unless each came once."""
    return asyncio.run(_collector(events, sources))


async def _collector(events: int, sources: int) -> int:
    import psycopg

    from tests.collect.collector.play import played, two_hours
    from zvon.store.cluster import Cluster
    from zvon.store.migrate import migrate

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        cluster = Cluster(folder / "pg")
        cluster.start()
        try:
            with psycopg.connect(cluster.dsn("postgres"), autocommit=True) as db:
                db.execute("create database collector")
            dsn = cluster.dsn("collector")
            migrate(dsn)
            async with played(folder, dsn, sources) as play:
                began = time.monotonic()
                await two_hours(play, events, sources, 1800)
                took = time.monotonic() - began
                arrived = play.arrived()
                total = sum(map(len, arrived.values()))
                each = events // sources
                once = {f"soc/s{n}": list(range(each)) for n in range(sources)}
                twice = total - sum(len(set(one)) for one in arrived.values())
                print(f"events written        {each * sources:>10}")
                print(f"arrived               {total:>10}")
                print(f"twice                 {twice:>10}")
                print(f"order per source      {'kept' if arrived == once else 'BROKEN':>10}")
                print(f"seconds, cuts and restarts too {took:.0f} ({total / took:.0f} events/s)")
                print(f"collector, most memory {play.rss('collector')} MiB")
        finally:
            cluster.stop()
    return 0 if arrived == once else 1

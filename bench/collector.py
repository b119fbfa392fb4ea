"""A collector for two simulated hours without its line, killed with its node: what arrives.

Run `python -m bench.collector [--events N] [--sources N] [--dsn DSN]`. Node and collector are
programs of their own, the line between them is cut in the middle of requests, both are killed
with SIGKILL, a file is rotated while nobody reads. The result is 1 unless each event is stored
once, in the order of its file. Memory is the most that the collector's process ever had.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bench.ingest import server
from tests.collect.collector.play import played, two_hours


def main() -> int:
    """Play it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--sources", type=int, default=4)
    parser.add_argument("--dsn", default=None)
    args = parser.parse_args()
    with server(args.dsn) as dsn, tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_played(Path(folder), dsn, args.events, args.sources))


async def _played(folder: Path, dsn: str, events: int, sources: int) -> int:
    async with played(folder, dsn, sources) as play:
        began = time.monotonic()
        await two_hours(play, events, sources, 1800)
        took = time.monotonic() - began
        arrived = play.arrived()
        each = events // sources
        once = arrived == {f"soc/s{n}": list(range(each)) for n in range(sources)}
        total = sum(map(len, arrived.values()))
        print(f"events written          {each * sources:>9}")
        print(f"arrived                 {total:>9}")
        print(f"of them twice           {total - sum(len(set(n)) for n in arrived.values()):>9}")
        print(f"each once and in order  {'yes' if once else 'NO':>9}")
        print(f"seconds, all included   {took:>9.0f}   {total / took:.0f} events/s")
        print(f"collector, most memory  {play.rss('collector'):>9} MiB")
    return 0 if once else 1


if __name__ == "__main__":
    sys.exit(main())

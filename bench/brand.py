"""Brand matcher: names per second, and false alarms on ordinary names.

`python bench/brand.py FOLDER` (or `ZVON_DATA`): every `*benign*.tsv.gz` below it has the columns
`url,label,…`; the first address of each host counts. One core, no cache from earlier names.
"""

import gzip
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from zvon.ml.brand import Technique, compiled
from zvon.model import url
from zvon.model.brand import shipped

SHOWN = 40


def addresses(folder: Path) -> Iterator[tuple[str, str]]:
    """Host and path of the first address of each host."""
    seen: set[str] = set()
    for file in sorted(folder.rglob("*benign*.tsv.gz")):
        with gzip.open(file, "rt", encoding="utf-8", errors="replace") as lines:
            next(lines)
            for line in lines:
                try:
                    parsed = url.parse(line.split("\t", 1)[0])
                except ValueError:
                    continue
                if parsed.host_kind == "name" and parsed.host not in seen:
                    seen.add(parsed.host)
                    yield parsed.host, parsed.path + (f"?{parsed.query}" if parsed.query else "")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["ZVON_DATA"])
    names = list(addresses(folder))
    matcher = compiled(shipped())
    began = time.perf_counter()
    hits = [(host, path, found) for host, path in names if (found := matcher.match(host, path))]
    took = time.perf_counter() - began
    sure = [row for row in hits if row[2][0].technique not in {Technique.TYPO, Technique.PATH}]
    print(f"{len(names)} hosts in {took:.2f} s = {len(names) / took:,.0f} names/s")
    print(f"false alarms: {len(hits)} in all, {len(sure)} without typing errors and paths")
    for host, path, found in hits[:SHOWN]:
        best = found[0]
        print(f"  {best.technique:7} {best.brand.id:12} {best.written:24} {host} {path[:40]}")


if __name__ == "__main__":
    main()

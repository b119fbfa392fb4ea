"""Brand matcher: names per second, false alarms on popular names, planted lookalikes found.

    python -m bench.brand --names FILE [--data FOLDER] [--show 100]

FILE has one popular name per line (a million of them). FOLDER (or `ZVON_DATA`) holds
`*benign*.tsv.gz` with the columns `url,label,…`: the first address of each host counts, with its
path. Every alarm counts as false, also where a popular name does imitate a brand, so the rates are
upper bounds. One core, processor time.
"""

import argparse
import gzip
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.squats import planted
from zvon.ml.brand import Hit, Matcher, compiled
from zvon.model import url
from zvon.model.brand import shipped
from zvon.model.name import BadName, canonical

BATCH = 50_000
EACH = 500
SEED = 7


def popular(file: Path) -> list[str]:
    """The names of a list, one a line, in canonical form."""
    found = []
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            name = line.strip().rpartition(",")[2].lower()
            try:
                found.append(name if name.isascii() and "xn--" not in name else canonical(name))
            except BadName:
                continue
    return found


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


def swept(matcher: Matcher, names: Sequence[str]) -> list[tuple[str, Hit]]:
    """The names that are hit, each with its surest hit."""
    return [
        (names[start + at], hits[0])
        for start in range(0, len(names), BATCH)
        for at, hits in matcher.sweep(names[start : start + BATCH])
    ]


def speed(names: Sequence[str], work: Callable[[], object]) -> str:
    """Names per second of processor time, the better of two runs."""
    took = []
    for _ in range(2):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return f"{len(names) / min(took):,.0f} names/s"


def alarms(what: str, total: int, found: Sequence[tuple[str, Hit]], show: int) -> None:
    """Print a rate, apart for brands of one country and of none, and by technique."""
    for label, some in (
        ("all brands", list(found)),
        ("brands of a country", [row for row in found if row[1].brand.country]),
    ):
        kinds = Counter(str(hit.technique.value) for _, hit in some)
        print(f"{what}, {label}: {len(some)} alarms on {total:,} names = "
              f"{len(some) * 20_000 / max(total, 1):.2f} in 20,000  {dict(kinds)}")  # fmt: skip
    for name, hit in found[:show]:
        print(f"  {hit.technique.value:7} {hit.brand.id:16} {hit.written:24} {name}")


def recall(matcher: Matcher) -> None:
    """Planted lookalikes of the brands that have a country, found by shape."""
    squats = planted([b for b in matcher.brands if b.country], EACH, SEED)
    found, right, total = Counter[str](), Counter[str](), Counter[str]()
    hits = dict(matcher.sweep([squat.name for squat in squats]))
    for at, squat in enumerate(squats):
        total[squat.shape] += 1
        found[squat.shape] += at in hits
        right[squat.shape] += any(hit.brand.id == squat.brand for hit in hits.get(at, ()))
    for shape, count in total.items():
        print(
            f"planted, {shape:24} {found[shape]:4} of {count} found, {right[shape]} with the brand"
        )
    print(
        f"planted, in all: {sum(found.values())} of {len(squats)}, {sum(right.values())} with the brand"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=Path, help="popular names, one a line")
    parser.add_argument("--data", type=Path, default=os.environ.get("ZVON_DATA"))
    parser.add_argument("--show", type=int, default=0, help="print that many alarms")
    given = parser.parse_args()
    matcher = compiled(shipped())
    print(
        f"registry {shipped().version}: {len(matcher.brands)} brands, {len(matcher.alias)} aliases"
    )
    recall(matcher)
    if given.names:
        names = popular(given.names)
        random.Random(SEED).shuffle(names)  # a stream is not in alphabetical order
        some = names[:200_000]
        print(f"one by one: {speed(some, lambda: [matcher.match(name) for name in some])}")
        print(f"in batches of {BATCH:,}: {speed(some, lambda: swept(matcher, some))}")
        alarms("popular", len(names), swept(matcher, names), given.show)
    if given.data:
        rows = list(addresses(Path(given.data)))
        found = [(host, hits[0]) for host, path in rows if (hits := matcher.match(host, path))]
        alarms("harmless addresses", len(rows), found, given.show)
    if not given.names and not given.data:
        print("no list given: --names FILE or --data FOLDER")


if __name__ == "__main__":
    main()

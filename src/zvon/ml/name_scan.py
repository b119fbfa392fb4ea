"""Going through a list of names for lookalikes; what is no name is counted and shown."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from zvon.formats.name_list import BadLine, Line
from zvon.ml.brand import Matcher
from zvon.ml.lookalike import Lexical, Lookalike, best, find
from zvon.ml.watch_pattern import Patterns

MOST_BAD = 50
MOST_FOUND = 100_000
MOST_OF_RULE = 1_000


class Scan(Struct, frozen=True, kw_only=True):
    """What a list held: how many names, how many lines that are none (the first of them in
    `bad_lines`), and the lookalikes, the likeliest bait first. `ruled` are the names that fit
    the patterns of watch rules, by the rule's number.
    """

    names: int
    bad: int
    bad_lines: tuple[BadLine, ...]
    found: tuple[Lookalike, ...]
    ruled: dict[int, tuple[Lookalike, ...]] = {}


def scan(
    matcher: Matcher,
    lines: Iterable[Line | BadLine],
    *,
    patterns: Patterns | None = None,
    listed: bool = False,
    lexical: Lexical | None = None,
) -> Scan:
    """Go through `lines`; `listed` and `lexical` are as for `lookalike.find`.

    Keeps at most `MOST_FOUND` lookalikes, so that a list of any length takes little memory.
    """
    tally = _Tally()
    ruled: dict[int, list[Lookalike]] = {}

    def names() -> Iterator[str]:
        for name in tally.names(lines):
            for rule, one in patterns.find((name,)) if patterns else ():
                if len(ruled.setdefault(rule, [])) < MOST_OF_RULE:
                    ruled[rule].append(one)
            yield name

    found = best(find(matcher, names(), listed=listed, lexical=lexical), MOST_FOUND)
    return Scan(names=tally.good, bad=tally.bad, bad_lines=tuple(tally.kept), found=tuple(found),
                ruled={rule: tuple(rows) for rule, rows in ruled.items()})  # fmt: skip


class _Tally:
    """Counts the lines that pass through."""

    def __init__(self) -> None:
        self.good = self.bad = 0
        self.kept: list[BadLine] = []

    def names(self, lines: Iterable[Line | BadLine]) -> Iterator[str]:
        for line in lines:
            if isinstance(line, Line):
                self.good += 1
                yield line.name
            else:
                self.bad += 1
                if len(self.kept) < MOST_BAD:
                    self.kept.append(line)

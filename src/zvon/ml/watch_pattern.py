"""Names of a stream that fit the patterns of watch rules.

A pattern is text with holes: `{}` for 1 to 20 letters or digits, `{#}` for 1 to 6 digits. It is
held against the labels left of the public suffix (`ml.predict`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from zvon.ml.lookalike import Lookalike, ruled
from zvon.ml.predict import HOLE, LEAST_LITERAL, NUMBER, compiled, matches

MAX_PATTERN = 200
MAX_HOLES = 4
_TEXT = re.compile(r"(?:[a-z0-9.-]|\{\}|\{#\})+")
_TOGETHER = re.compile(r"\}\{")


class BadPattern(ValueError):
    """The pattern says nothing, or too little."""


class Wanted(Struct, frozen=True):
    """A pattern that is looked for, for which brand, and under which suffixes (all when none)."""

    id: int
    brand: str
    pattern: str
    suffixes: tuple[str, ...] = ()


def checked(text: str) -> str:
    """The pattern in lower case. Raises `BadPattern`."""
    pattern = text.strip().lower()
    if len(pattern) > MAX_PATTERN or not _TEXT.fullmatch(pattern):
        raise BadPattern("a pattern is letters, digits, dots and hyphens, {} and {#}")
    if pattern.count("{") > MAX_HOLES or _TOGETHER.search(pattern):
        raise BadPattern(f"a pattern has at most {MAX_HOLES} holes, none beside another")
    own = pattern.replace(HOLE, "").replace(NUMBER, "")
    if sum(char.isalpha() for char in own) < LEAST_LITERAL:
        raise BadPattern(f"a pattern has at least {LEAST_LITERAL} letters of its own")
    return pattern


class Patterns:
    """Patterns made ready for a stream. `find` is pure and safe to share."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self._wanted = tuple(wanted)
        # One expression puts nearly all names aside; the suffix is looked at only for the rest.
        bodies = "|".join(sorted({compiled(each.pattern).pattern for each in wanted}))
        self._any = re.compile(rf"(?:www\.)?(?:{bodies})(?:\.[a-z0-9-]+){{1,3}}")

    def find(self, names: Iterable[str]) -> Iterator[tuple[int, Lookalike]]:
        """For each name that fits, the number of the first rule that it fits, and why."""
        if not self._wanted:
            return
        for name in names:
            if not self._any.fullmatch(name):
                continue
            host = name.removeprefix("www.")
            for each in self._wanted:
                if matches(each.pattern, host) and _below(host, each.suffixes):
                    yield each.id, ruled(host, each.brand, each.pattern)
                    break


def _below(host: str, suffixes: Sequence[str]) -> bool:
    return not suffixes or any(host.endswith("." + suffix) for suffix in suffixes)

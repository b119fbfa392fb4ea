"""A list of popular names as operators get it: lines `rank,name` or `name`, most popular first."""

import re
from collections.abc import Iterable, Iterator

from zvon.model.name import BadName, canonical

# A list in another format is no list: more bad lines than this, and it is refused.
BAD_SHARE, BAD_FREE = 0.01, 100
_PLAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


class BadPopularity(ValueError):
    """The file is no popularity list; says why and where."""


def names(lines: Iterable[str], top: int) -> Iterator[str]:
    """The first `top` names of a list, canonical; empty lines, comments and a header are skipped.

    Raises `BadPopularity` as soon as one line in a hundred is no name, and at the end when there
    was none.
    """
    good = bad = 0
    for number, line in enumerate(lines, start=1):
        text = _field(line)
        if not text:
            continue
        name = _name(text)
        if name is None:
            # The first line may be a header.
            bad += number > 1
            if bad > max(BAD_FREE, good * BAD_SHARE):
                raise BadPopularity(
                    f"line {number}: {text[:60]!r} is no name, after {bad - 1} others"
                )
            continue
        good += 1
        yield name
        if good == top:
            return
    if good <= bad:
        raise BadPopularity(f"{good} names in the list, and {bad} lines that are none")


def _field(line: str) -> str:
    line = line.strip()
    if line.startswith("#"):
        return ""
    first, comma, rest = line.partition(",")
    if comma and first.strip().strip('"').isdigit():
        line = rest.partition(",")[0]
    return line.strip().strip('"')


def _name(text: str) -> str | None:
    lower = text.lower()
    if len(lower) <= 253 and _PLAIN.fullmatch(lower) and "xn--" not in lower:
        return lower
    try:
        return canonical(text)
    except BadName:
        return None

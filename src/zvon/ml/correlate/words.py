"""How grave an alert is by the words of its title, where sensors grade each in their own way."""

from functools import cache, lru_cache
from importlib import resources

import msgspec
from msgspec import Struct


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    severity: int
    words: tuple[str, ...]


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    otherwise: int
    row: tuple[_Row, ...]


@cache
def _table() -> _Table:
    text = resources.files(__package__).joinpath("words.toml").read_bytes()
    return msgspec.toml.decode(text, type=_Table)


@lru_cache(maxsize=20_000)
def severity_of(title: str, level: int | None = None) -> int:
    """0 to 15 for the title of a signature; `level` is the sensor's own grade on that scale.

    Words first: they mean the same at every sensor. Then the level, then the middle.
    """
    table = _table()
    low = title[:500].casefold()
    for row in table.row:
        if any(word in low for word in row.words):
            return row.severity
    return table.otherwise if level is None else max(0, min(15, level))

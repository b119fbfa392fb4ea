"""The weights that were set by judgement, `data/terms.toml`."""

from functools import cache

import msgspec
from msgspec import Struct

from zvon.privacy.tables import DATA, read


class Learned(Struct, frozen=True, forbid_unknown_fields=True):
    """How the learned term counts: a factor by type (`""` for others) and the most it may say."""

    most: float
    factor: dict[str, float]


class Terms(Struct, frozen=True, forbid_unknown_fields=True):
    """The weights of `data/terms.toml`."""

    conflict: float
    reach: float
    prior: dict[str, float]
    rule: dict[str, float]
    edge: dict[str, float]
    learned: Learned


@cache
def terms() -> Terms:
    """The shipped weights."""
    return msgspec.convert(read(DATA / "terms.toml"), Terms)

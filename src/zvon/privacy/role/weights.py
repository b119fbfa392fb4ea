"""The weights that were set by judgement, `data/terms.toml`."""

from functools import cache

import msgspec
from msgspec import Struct

from zvon.privacy.tables import DATA, read


class Terms(Struct, frozen=True, forbid_unknown_fields=True):
    """The weights of `data/terms.toml`."""

    conflict: float
    reach: float
    prior: dict[str, float]
    rule: dict[str, float]
    edge: dict[str, float]


@cache
def terms() -> Terms:
    """The shipped weights."""
    return msgspec.convert(read(DATA / "terms.toml"), Terms)

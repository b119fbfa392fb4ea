"""How fast and when purges work: a file of the package."""

import tomllib
from functools import cache
from importlib.resources import files

from msgspec import Struct, convert


class Pace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of one transaction, when a purge is late, and when tables are written anew (UTC hours)."""

    batch: int
    grace_hours: int
    rewrite_from: int
    rewrite_until: int
    rewrite_wait_ms: int
    rewrite_most_gib: int


@cache
def pace() -> Pace:
    """What the package ships."""
    return convert(
        tomllib.loads(files("zvon.respond").joinpath("purge.toml").read_text("utf-8")), Pace
    )

"""How large a decision on many may be, and from which size on two people take it."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from zvon.store import policy
from zvon.store.party import Db

NAME = "bulk"
Count = Annotated[int, Meta(ge=1, le=1_000_000)]


class BulkPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `bulk.toml` says."""

    second_person_above: Count
    most: Count
    batch: Count
    at_once: Count
    holds_minutes: Count


@cache
def shipped() -> BulkPolicy:
    """The policy that ships."""
    text = (files("zvon.respond") / "bulk.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), BulkPolicy)


async def current(db: Db) -> BulkPolicy:
    """The newest version."""
    body = await policy.newest(db, NAME)
    return shipped() if body is None else msgspec.convert(body, BulkPolicy)

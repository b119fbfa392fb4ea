"""Why a feed may block and not only log: what Regulation (EU) 2015/2120, Article 3(3)(b), asks for.

The fields are ours and not the wording of a guideline. What can be counted is counted by the node;
the rest a person writes.
"""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

Reasoned = Annotated[str, Meta(min_length=20, max_length=4000)]
Short = Annotated[str, Meta(min_length=3, max_length=500)]


class Justification(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One justification; every field has to be filled. `duration` is for how long, in words."""

    threat: Reasoned
    protects: Reasoned
    necessity: Reasoned
    effectiveness: Reasoned
    proportionality: Reasoned
    alternatives: Reasoned
    scope: Short
    duration: Short
    opt_out: Reasoned
    transparency: Reasoned
    review_on: date


FIELDS = tuple(name for name in Justification.__struct_fields__ if name != "review_on")

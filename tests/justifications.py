"""A justification of a feed that holds, for tests of several layers."""

import os
from datetime import datetime, timedelta

from msgspec import structs

from zvon.access.viewer import Viewer
from zvon.model.justification import Justification
from zvon.store import justification
from zvon.store.justification import Row
from zvon.store.transaction import Pool, transaction

LONG = "an invented reason that is long enough to be one"


def written(now: datetime, **more: str) -> Justification:
    """A justification with every field filled."""
    made = Justification(
        threat=LONG, protects=LONG, necessity=LONG, effectiveness=LONG, proportionality=LONG,
        alternatives=LONG, scope="names", duration="half a year", opt_out=LONG, transparency=LONG,
        review_on=(now + timedelta(days=90)).date(),
    )  # fmt: skip
    return structs.replace(made, **more)


async def justified(pool: Pool, one: Viewer, other: Viewer, now: datetime, feed: str = "si") -> Row:
    """Written by `one`, agreed to by `other`."""
    async with transaction(pool, now) as tx:
        made = await justification.propose(tx, one, feed, written(now), now, os.urandom)
        return await justification.approve(tx, other, made.uuid, now)

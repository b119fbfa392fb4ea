"""The blind sample of the queue's bottom, and what it allows: closing without a person, or not."""

import tomllib
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from zvon.jobs import Context
from zvon.store import policy, queue_sample
from zvon.store.party import Db
from zvon.store.queue_sample import Miss
from zvon.store.transaction import transaction

NAME = "queue_sample"
BACK = timedelta(days=30)
"""Older incidents are not drawn anew: they were looked at when they came."""

Points = Annotated[float, Meta(ge=0.0, le=1000.0)]
Place = Annotated[int, Meta(ge=1, le=1000)]


class SamplePolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `queue_sample.toml` says."""

    rate: Annotated[float, Meta(ge=0.0, le=0.1)]
    below: Points
    first_place: Place
    last_place: Place
    auto_close: bool
    bound: Annotated[float, Meta(gt=0.0, le=0.05)]
    close_below: Points
    close_after_h: Annotated[int, Meta(ge=24, le=24 * 366)]


class AutoClose(Struct, frozen=True, kw_only=True):
    """Whether the bottom is closed without a person: switched on, and shown to be safe."""

    wanted: bool
    safe: bool
    bound: float

    @property
    def on(self) -> bool:
        """It works only when both hold."""
        return self.wanted and self.safe


@cache
def shipped() -> SamplePolicy:
    """The policy that ships."""
    text = (files("zvon.respond") / "queue_sample.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), SamplePolicy)


async def current(db: Db) -> SamplePolicy:
    """The newest version."""
    body = await policy.newest(db, NAME)
    return shipped() if body is None else msgspec.convert(body, SamplePolicy)


def gate(policy: SamplePolicy, miss: Miss) -> AutoClose:
    """Safe is what was measured, with its uncertainty; nothing measured is not safe."""
    return AutoClose(wanted=policy.auto_close, safe=miss.bound_high <= policy.bound,
                     bound=policy.bound)  # fmt: skip


async def sample(context: Context, _payload: dict[str, Any]) -> None:
    """Draw, and close what may be closed; runs again without harm."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        rules = await current(tx.db)
        await queue_sample.draw(
            tx, salt=await queue_sample.salt(tx, context.random, now), share=rules.rate, below=rules.below,
            first_place=rules.first_place, last_place=rules.last_place, since=now - BACK, now=now,
        )  # fmt: skip
    async with transaction(context.pool, now) as tx:
        if gate(rules, await queue_sample.missed(tx.db)).on:
            await queue_sample.close_bottom(
                tx, below=rules.close_below, waited=timedelta(hours=rules.close_after_h), now=now
            )
